import type { Config } from "../../core/config/config.ts";
import type { SwitchCut } from "../../core/machine/types.ts";
import { isBootFailed } from "../../core/machine/verdicts.ts";
import { duration } from "../../core/age.ts";
import { eventEntry } from "../../core/record/journal-entry.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Activation } from "../../host/nixos/activation.ts";
import { pause } from "../../host/process/time.ts";
import { describeJobs } from "../../host/systemd/jobs.ts";
import { type FinalizationContext, tellerOf } from "../context.ts";

/**
 * Watches a switch until the signal aborts. Resolves earlier if the switch has reached its time limit:
 * with the reason for which it is to be ended.
 */
export type WatchSwitch = (signal: AbortSignal) => Promise<SwitchCut | null>;

/** Runs a switch and ends it when its watch says so. */
export async function whileWatched(
  watch: WatchSwitch,
  run: (signal: AbortSignal) => Promise<Activation>,
): Promise<{ readonly activation: Activation; readonly cut: SwitchCut | null }> {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  const [activation, cut] = await Promise.all([
    run(over.signal).finally(end),
    watch(over.signal).finally(end),
  ]);
  // It may have ended by itself at that moment.
  return { activation, cut: activation.exitCode === 0 ? null : cut };
}

/** How often to look for what a long switch waits for. */
const LOOK_AGAIN_MS = 10_000;

/** In seconds. */
const STUCK_BOOT = 600;

/** Without a limit, a switch back in a boot that did not get through may hang as that boot does. */
function limitOf({ act, verify }: Config, record: FinalizationRecord): number | null {
  const mayHang = record.state === "rolling-back" && isBootFailed(record);
  return act.switchTimeout ?? (mayHang ? (verify.bootTimeout ?? STUCK_BOOT) : null);
}

/** The watch that the configuration asks for. A stop of this process does not end the switch. */
export function watchOf(context: FinalizationContext, record: FinalizationRecord): WatchSwitch {
  const { host, config } = context;
  const switchTimeout = limitOf(config, record);
  const warnAtMs = config.verify.switchWarnAfter * 1000;
  const endAtMs = switchTimeout === null ? Infinity : switchTimeout * 1000;
  return async (signal) => {
    const warning = new Warning(context, record, switchTimeout);
    const begin = host.elapsedMs();
    try {
      for (;;) {
        const elapsed = host.elapsedMs() - begin;
        if (elapsed >= Math.min(warnAtMs, endAtMs)) {
          const why = await describeJobs(host, signal);
          if (signal.aborted) return null;
          if (switchTimeout !== null && elapsed >= endAtMs) return { seconds: switchTimeout, why };
          await warning.give(why);
        }
        const nextLookMs = elapsed < warnAtMs ? warnAtMs - elapsed : LOOK_AGAIN_MS;
        await pause(Math.min(endAtMs - elapsed, nextLookMs), signal);
        if (signal.aborted) return null;
      }
    } finally {
      warning.end();
    }
  };
}

/** What is said of a switch that does not end: always in the note, once in the journal and in a report. */
class Warning {
  readonly #context: FinalizationContext;
  readonly #record: FinalizationRecord;
  readonly #since: Date;
  readonly #until: string | null;
  #isGiven = false;

  constructor(
    context: FinalizationContext,
    record: FinalizationRecord,
    switchTimeout: number | null,
  ) {
    this.#context = context;
    this.#record = record;
    this.#since = context.host.now();
    this.#until =
      switchTimeout === null
        ? null
        : new Date(this.#since.getTime() + switchTimeout * 1000).toISOString();
  }

  async give(why: string): Promise<void> {
    const since = this.#since.toISOString();
    tellerOf(
      this.#context,
      this.#record,
    )({ for: "switch", why, since, until: this.#until, next: null });
    if (this.#isGiven) return;
    this.#isGiven = true;
    const { host, config } = this.#context;
    const late = `the switch has not ended after ${duration(config.verify.switchWarnAfter)}: ${why}`;
    await host.journal.announce(eventEntry("switch-late", this.#record.id, late));
    await host.report?.late(this.#record, late);
  }

  end(): void {
    if (this.#isGiven) tellerOf(this.#context, this.#record)(null);
  }
}
