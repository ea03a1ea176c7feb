import type { Server } from "node:net";

/** What became of a job, as its runner told the forge. */
export type JobEnd = "running" | "success" | "failed";

export interface Job {
  readonly id: string;
  readonly script: string;
  /** A second step. */
  readonly second: string | null;
}

/** A stand-in for a forge. It keeps the jobs in order, and gives out one at a time. */
export class Queue {
  readonly #waiting: Job[] = [];
  readonly #ends = new Map<string, JobEnd>();
  #count = 0;
  #way: Promise<void> = Promise.resolve();

  /** @returns the job's id */
  push(script: string, second: string | null = null): string {
    const id = String(++this.#count);
    this.#waiting.push({ id, script, second });
    return id;
  }

  /** The next job. From now on it is its runner's, also while the answer is on its way. */
  async next(): Promise<Job | undefined> {
    const job = this.#waiting.shift();
    if (job === undefined) return undefined;
    this.#ends.set(job.id, "running");
    await this.arrival();
    return job;
  }

  /** An answer is on its way until then. */
  async arrival(): Promise<void> {
    await this.#way;
  }

  /** A job that its runner has not begun is given again. */
  takeBack(job: Job): void {
    this.#ends.delete(job.id);
    this.#waiting.unshift(job);
  }

  /** Keeps the answers that matter to a job on their way. @returns what lets them arrive */
  slowDown(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#way = promise;
    return resolve;
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
  /** Where it shows its jobs, as the module finds it. */
  readonly shows?: { readonly url: string; readonly metric: string };
  /** A job has several, and the agent tells of each before it begins the next one. */
  readonly hasSteps?: true;
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
