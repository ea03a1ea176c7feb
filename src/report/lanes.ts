import { backoffMs } from "../core/report-backoff.ts";
import type { ReportConfig } from "../core/report-defaults.ts";
import { type Entry, laneOf } from "./entry.ts";

interface Wait {
  readonly tries: number;
  readonly dueMs: number;
}

/** When each lane may be tried again. Held in memory: a new process tries all at once. */
export class Lanes {
  readonly #retry: ReportConfig["retry"];
  readonly #random: () => number;
  readonly #waits = new Map<string, Wait>();

  constructor(retry: ReportConfig["retry"], random: () => number) {
    this.#retry = retry;
    this.#random = random;
  }

  /** The reports of each lane, by its name, in the order in which they came. */
  static split(owed: readonly Entry[]): [name: string, lane: Entry[]][] {
    return [...Map.groupBy(owed, laneOf)];
  }

  /** When the first report of a lane may be tried, in milliseconds of the epoch; never for none. */
  dueMs([head]: readonly Entry[]): number {
    if (head === undefined) return Infinity;
    const asked = head.notBefore === null ? 0 : Date.parse(head.notBefore);
    return Math.max(asked, this.#waits.get(laneOf(head))?.dueMs ?? 0);
  }

  /** @returns milliseconds until the next try */
  failed(head: Entry, nowMs: number): number {
    const lane = laneOf(head);
    const tries = (this.#waits.get(lane)?.tries ?? 0) + 1;
    const dueMs = nowMs + backoffMs(tries, this.#retry, this.#random());
    this.#waits.set(lane, { tries, dueMs });
    return this.dueMs([head]) - nowMs;
  }

  succeeded(head: Entry): void {
    this.#waits.delete(laneOf(head));
  }

  /** Something happened that makes a try worth while; who asked for patience is left in peace. */
  hurry(): void {
    this.#waits.clear();
  }
}
