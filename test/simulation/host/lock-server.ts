import type { Process } from "../kernel/process.ts";
import type { Clocks } from "./clocks.ts";
import type { Body } from "./program.ts";

/** The name of the simulated host with the lock server. */
export const HOLDER = "this-host";
const NEIGHBOUR = "neighbour";
export const LOCK_URL = "http://lock.example";

/** What the lock server and the rest of the fleet do; times in milliseconds after the begin. */
export interface FleetPlan {
  /** Another host has the slot until then. */
  readonly neighbourUntil: number;
  /** It answers nobody from one moment to another. */
  readonly downFrom: number;
  readonly downUntil: number;
  /** Whether a host that rolled back keeps its slot. */
  readonly onRollback: "keep" | "give-back";
  /** The number of the answer that is lost, although the server has done what was asked; 0 for none. */
  readonly lostAnswer: number;
}

export interface Request {
  readonly url: string;
  readonly body: string | null;
}

export interface Asked {
  readonly process: Process;
  readonly handle: number;
  readonly request: Request;
  readonly withinMs: number;
}

/** A lock server of the FleetLock protocol with one slot. It outlasts the boots of the host. */
export class LockServer {
  readonly #plan: FleetPlan;
  readonly #clocks: Clocks;
  readonly #begin: number;
  #holder: string | null = null;
  #answers = 0;
  /** Called before a slot is given back. */
  onGiveBack: (holder: string) => void = () => {};

  constructor(plan: FleetPlan, clocks: Clocks, begin: number) {
    this.#plan = plan;
    this.#clocks = clocks;
    this.#begin = begin;
  }

  get holder(): string | null {
    if (this.#holder !== null) return this.#holder;
    return this.#now() < this.#plan.neighbourUntil ? NEIGHBOUR : null;
  }

  #now(): number {
    return this.#clocks.monoMs - this.#begin;
  }

  /** One request: on its way, at the server, and the answer on its way back. */
  *exchange({ process, handle, request, withinMs }: Asked): Body {
    yield "step";
    const { downFrom, downUntil, lostAnswer } = this.#plan;
    const isDown = this.#now() >= downFrom && this.#now() < downUntil;
    const status = isDown ? null : this.#answer(request);
    yield "step";
    const isLost = !isDown && ++this.#answers === lostAnswer;
    if (isLost) yield { ms: withinMs };
    const isAnswered = status !== null && !isLost;
    process.pending.push({
      handle,
      happening: isAnswered ? { kind: "answered", status, text: "" } : { kind: "unanswered" },
    });
    return { exitCode: 0 };
  }

  #answer({ url, body }: Request): number {
    const id = /"id":"([^"]+)"/.exec(body ?? "")?.[1] ?? "";
    if (url.endsWith("/v1/steady-state")) {
      this.onGiveBack(id);
      if (this.#holder === id) this.#holder = null;
      return 200;
    }
    if (this.holder !== null && this.holder !== id) return 409;
    this.#holder = id;
    return 200;
  }
}
