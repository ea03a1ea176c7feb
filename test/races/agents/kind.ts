import type { Server } from "node:net";

/** What became of a job, as its runner told the forge. */
export type JobEnd = "running" | "success" | "failed";

/** A stand-in for a forge. It keeps the jobs in order, and gives out one at a time. */
export class Queue {
  readonly #waiting: { readonly id: string; readonly script: string }[] = [];
  readonly #ends = new Map<string, JobEnd>();
  #count = 0;

  /** @returns the job's id */
  push(script: string): string {
    const id = String(++this.#count);
    this.#waiting.push({ id, script });
    return id;
  }

  /** The next job, which its runner has now. */
  next(): { readonly id: string; readonly script: string } | undefined {
    const job = this.#waiting.shift();
    if (job !== undefined) this.#ends.set(job.id, "running");
    return job;
  }

  ended(id: string, end: Exclude<JobEnd, "running">): void {
    this.#ends.set(id, end);
  }

  /** Undefined while no runner has it. */
  endOf(id: string): JobEnd | undefined {
    return this.#ends.get(id);
  }
}

/** Where an agent is on its host, and the forge as the host sees it. */
export interface Place {
  readonly program: string;
  readonly home: string;
  readonly host: string;
  readonly port: number;
}

/** A kind of agent, as the NixOS module runs it. */
export interface AgentKind {
  /** Also its preset. */
  readonly name: "buildkite-agent" | "gitlab-runner" | "woodpecker-agent";
  /** The variable with the path of its program. */
  readonly variable: string;
  readonly unit: string;
  readonly drains: boolean;
  /** Lines of its section `[Service]`. */
  readonly service: (place: Place) => readonly string[];
  /** Files below /etc. */
  readonly etc: (place: Place) => Readonly<Record<string, string>>;
  readonly serve: (queue: Queue) => Server;
}

/** As the module makes the stop of a runner a drain. */
export const DRAINS = [
  "Environment=DEPLOY_FINALIZE_STOP=drains",
  "KillMode=mixed",
  "TimeoutStopSec=2h",
];
