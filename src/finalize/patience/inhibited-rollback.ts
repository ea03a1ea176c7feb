import { eventEntry } from "../../core/record/journal-entry.ts";
import { printableLine } from "../../core/printable.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { type GateState, looked } from "../../gates/gate.ts";
import { inhibitors, lookAtBlocks, scheduledShutdown } from "../../gates/inhibitors.ts";
import { LONGEST_TIMER_MS, pause } from "../../host/process/time.ts";
import { tellLate } from "../../state-dir/waiting-note.ts";
import type { AskForReboot } from "../apply.ts";
import { type FinalizationContext, SUSPENDED, tellerOf } from "../context.ts";

const MOST_IN_WHY = 1000;

/** systemd tells of no change of an inhibitor's reason. */
const LOOK_EVERY_MS = 5000;

/** So many refusals without a program that blocks the shutdown have another cause. */
const MOST_REFUSALS = 3;

/** The least time that a refusal counts. */
const RETRY_MS = 1000;

/**
 * What a rollback by reboot does about programs that block the shutdown: it waits until there is none,
 * for `waitFor.rollbackTimeout` in all, because the host runs a rejected system meanwhile. After that
 * the rollback goes on, and the journal says over whom.
 */
export class InhibitedRollback {
  readonly #context: FinalizationContext;
  readonly #record: FinalizationRecord;
  readonly #gate = inhibitors(null);
  #leftMs: number;

  constructor(context: FinalizationContext, record: FinalizationRecord) {
    this.#context = context;
    this.#record = record;
    this.#leftMs = context.config.waitFor.rollbackTimeout * 1000;
  }

  /** Waits, and resolves to what it saw last: still closed if the time is over, or if it is stopped. */
  async wait(): Promise<GateState> {
    const { host, config, stop } = this.#context;
    const seen = { host, config, record: this.#record };
    const tell = tellerOf(this.#context, this.#record);
    let note: { readonly end: () => void } | null = null;
    try {
      for (;;) {
        const state = await looked(async () => await lookAtBlocks(host));
        if (state.kind !== "closed" || stop.aborted || this.#leftMs <= 0) return state;
        const why = printableLine(state.why, MOST_IN_WHY);
        note ??= tellLate(tell, { for: this.#gate.name, why, now: host.now() });
        const mostMs = Math.min(LOOK_EVERY_MS, this.#leftMs, LONGEST_TIMER_MS);
        const begin = host.elapsedMs();
        await this.#gate.change(seen, AbortSignal.any([stop, AbortSignal.timeout(mostMs)]));
        this.#leftMs -= host.elapsedMs() - begin;
      }
    } finally {
      note?.end();
    }
  }

  /** The program that blocked the shutdown when a request was refused last. */
  #refusedFor: string | null = null;

  /** Asks for the reboot when no program blocks it. One that comes right then is waited for too. */
  ask: AskForReboot = async (request) => {
    for (let refusals = 0; ; refusals++) {
      const seen = await this.wait();
      if (this.#context.stop.aborted) return SUSPENDED;
      // Unknown, as in a boot that did not get through: the rejected system must not stay for that.
      const late = this.#leftMs <= 0 ? this.#refusedFor : null;
      const over = seen.kind === "closed" ? seen.why : late;
      await this.#sayWhatEnds();
      if (over !== null) await this.#override(over);
      const refused = await request(over === null ? "respected" : "overridden");
      if (refused === null || over !== null) return refused;
      const { host, stop } = this.#context;
      const after = await looked(async () => await lookAtBlocks(host));
      // A program that comes and goes is not overridden before its time is over.
      if (after.kind !== "closed" && refusals >= MOST_REFUSALS) return refused;
      if (after.kind !== "closed") continue;
      this.#refusedFor = after.why;
      await pause(Math.min(RETRY_MS, this.#leftMs), stop);
      this.#leftMs -= RETRY_MS;
    }
  };

  async #override(why: string): Promise<void> {
    const { host, config } = this.#context;
    const waited = `after ${config.waitFor.rollbackTimeout} s`;
    const message = `reboots for the rollback although a program blocks the shutdown, ${waited}: ${printableLine(why, MOST_IN_WHY)}`;
    await host.journal.announce(eventEntry("inhibitor-overridden", this.#record.id, message));
  }

  /** A rollback does not wait for a shutdown that somebody has scheduled: it may be due in days. */
  async #sayWhatEnds(): Promise<void> {
    const { host } = this.#context;
    const scheduled = await scheduledShutdown(host).catch(() => null);
    if (scheduled === null || this.#hasSaid) return;
    this.#hasSaid = true;
    host.say(`reboots for the rollback at once, which cancels a shutdown: ${scheduled}`);
  }
  #hasSaid = false;
}
