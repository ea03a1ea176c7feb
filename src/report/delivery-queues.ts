import type { ReportConfig } from "../core/config/report-config.ts";
import { readClock } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import { askedLeft, type OwedReport, queueOf } from "./owed-report.ts";

interface Wait {
  readonly tries: number;
  /** In milliseconds of the host's elapsedMs. */
  readonly dueMs: number;
}

/** When each queue may be tried again. Kept in memory: a new process tries all queues at once. */
export class DeliveryQueues {
  readonly #host: Host;
  readonly #retry: ReportConfig["retry"];
  readonly #random: () => number;
  readonly #waits = new Map<string, Wait>();

  constructor(host: Host, retry: ReportConfig["retry"], random: () => number) {
    this.#host = host;
    this.#retry = retry;
    this.#random = random;
  }

  /** The reports of each queue by its name, in their order. */
  static split(owed: readonly OwedReport[]): [name: string, queue: OwedReport[]][] {
    return [...Map.groupBy(owed, queueOf)];
  }

  /** Milliseconds until the first report of a queue may be tried, zero or less if it may; Infinity without one. */
  leftMs([head]: readonly OwedReport[]): number {
    if (head === undefined) return Infinity;
    const askedMs = head.notBefore === null ? 0 : askedLeft(head, readClock(this.#host)) * 1000;
    const wait = this.#waits.get(queueOf(head));
    return Math.max(askedMs, wait === undefined ? 0 : wait.dueMs - this.#host.elapsedMs());
  }

  /** @returns milliseconds until the next try */
  failed(head: OwedReport): number {
    const queue = queueOf(head);
    const tries = (this.#waits.get(queue)?.tries ?? 0) + 1;
    const dueMs = this.#host.elapsedMs() + backoffMs(tries, this.#retry, this.#random());
    this.#waits.set(queue, { tries, dueMs });
    return this.leftMs([head]);
  }

  succeeded(head: OwedReport): void {
    this.#waits.delete(queueOf(head));
  }

  /** Allows a try of every queue now, except if its receiver asked to wait. */
  hurry(): void {
    this.#waits.clear();
  }
}

/**
 * The wait after a failed try: it doubles from `first` to `most`, and a random half of it is left
 * out, so that the hosts of a fleet do not all try at the same moment.
 *
 * @param tries failed tries, at least 1
 * @param limits in seconds
 * @param random from 0 up to but not including 1
 * @returns milliseconds
 */
export function backoffMs(
  tries: number,
  { first, most }: { readonly first: number; readonly most: number },
  random: number,
): number {
  const seconds = Math.min(most, first * 2 ** Math.min(tries - 1, 30));
  return seconds * 1000 * (0.5 + random / 2);
}
