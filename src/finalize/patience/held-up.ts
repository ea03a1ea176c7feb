import type { Event } from "../../core/machine/types.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { switchLock } from "../../gates/host/switch-lock.ts";
import { waitForGates } from "../../gates/wait.ts";
import { pause, unlessEnded } from "../../host/process/time.ts";
import { type FinalizationContext, SUSPENDED, type Suspended, tellerOf } from "../context.ts";

const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A rollback waits so long for the switch lock in any case, because a deployer holds it for a moment. */
const LEAST_SECONDS = 5;

/** `rollback`: the host runs a system that was rejected, or is on its way back from it. */
export type Purpose = "act" | "rollback";

export function purposeOf({ state }: Pick<FinalizationRecord, "state">): Purpose {
  return state === "rolling-back" ? "rollback" : "act";
}

type HeldUpContext = Pick<FinalizationContext, "host" | "store" | "config" | "stop">;

/**
 * How long an act was held up in a row. What is in the way, such as the switch lock, may stay: the
 * pauses before another try grow, and one limit bounds the sum of all waits, `waitFor.timeout` or,
 * for a rollback, `waitFor.rollbackTimeout`.
 */
export class HeldUp {
  readonly #context: HeldUpContext;
  #times = 0;
  #waitedMs = 0;
  #why = "";
  #purpose: Purpose = "act";

  constructor(context: HeldUpContext) {
    this.#context = context;
  }

  /** Takes note of how an act ended. */
  note<E extends Event | Suspended>(end: E): E {
    if (end.kind === "held-up") {
      this.#times++;
      this.#why = end.why;
    } else if (end.kind !== "gates-timed-out") this.#forget();
    return end;
  }

  /** A rollback has a limit of its own, whatever the act before it has waited. */
  #begin(purpose: Purpose): void {
    if (purpose !== this.#purpose) this.#forget();
    this.#purpose = purpose;
  }

  #forget(): void {
    this.#times = 0;
    this.#waitedMs = 0;
  }

  /** Waits for the switch lock, but not beyond the limit: then the activation says that it is taken. */
  async awaitSwitchLock(record: FinalizationRecord, purpose: Purpose): Promise<void> {
    this.#begin(purpose);
    const { host, config, stop } = this.#context;
    const timeout = Math.max(0, this.#leftMs(purpose)) / 1000;
    const waitFor = { ...config.waitFor, timeout };
    const begin = host.elapsedMs();
    await waitForGates(
      { host, config: { ...config, waitFor }, record },
      {
        gates: [switchLock],
        since: "now",
        stop,
        interrupted: () => false,
        tell: tellerOf(this.#context, record),
      },
    );
    this.#waitedMs += host.elapsedMs() - begin;
  }

  /**
   * Pauses before another try; not before the first one.
   *
   * @param watch ends the pause early
   * @returns null; or that the time is over, or that this process is stopped
   */
  async pause(
    purpose: Purpose,
    watch?: (signal: AbortSignal) => Promise<void>,
  ): Promise<Event<"gates-timed-out"> | Suspended | null> {
    this.#begin(purpose);
    if (this.#times === 0) return null;
    const { host, stop } = this.#context;
    const leftMs = this.#leftMs(purpose);
    if (leftMs <= 0) {
      const why = `timed out after ${this.#limit(purpose)} s: ${this.#why}`;
      return { kind: "gates-timed-out", waitedFor: [], why };
    }
    const ms = Math.min(leftMs, LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (this.#times - 1));
    const begin = host.elapsedMs();
    if (watch === undefined) await pause(ms, stop);
    else await unlessEnded(stop, async (signal) => await pause(ms, signal), watch);
    this.#waitedMs += host.elapsedMs() - begin;
    return stop.aborted ? SUSPENDED : null;
  }

  #leftMs(purpose: Purpose): number {
    return this.#limit(purpose) * 1000 - this.#waitedMs;
  }

  #limit(purpose: Purpose): number {
    const { timeout, rollbackTimeout } = this.#context.config.waitFor;
    return purpose === "rollback" ? Math.max(LEAST_SECONDS, rollbackTimeout) : timeout;
  }
}
