import { eventEntry } from "../../core/record/journal-entry.ts";
import { printableLine } from "../../core/printable.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { inhibitors } from "../../gates/inhibitors.ts";
import type { OnInhibitors } from "../../host/systemd/logind/inhibitors.ts";
import { timeLimit } from "../../host/process/time.ts";
import { tellLate } from "../../state-dir/waiting-note.ts";
import { type FinalizationContext, tellerOf } from "../context.ts";

const MOST_IN_WHY = 1000;

/** systemd tells of no change of an inhibitor's reason. */
const LOOK_EVERY_MS = 5000;

/**
 * Waits until no program blocks the shutdown, for `waitFor.rollbackTimeout` at most: the host runs a
 * rejected system meanwhile. After that the rollback goes on, and the journal says over whom.
 */
export async function awaitInhibitors(
  context: FinalizationContext,
  record: FinalizationRecord,
): Promise<OnInhibitors> {
  const { host, config, stop } = context;
  const seconds = config.waitFor.rollbackTimeout;
  const over = AbortSignal.any([stop, timeLimit(seconds)]);
  const gate = inhibitors(null);
  const seen = { host, config, record };
  let note: { readonly end: () => void } | null = null;
  try {
    for (;;) {
      const state = await gate.look(seen);
      // Unknown, as in a boot that did not get through: the rejected system must not stay for that.
      if (state.kind !== "closed" || stop.aborted) return "respected";
      const why = printableLine(state.why, MOST_IN_WHY);
      if (over.aborted) return await override(context, record, why);
      note ??= tellLate(tellerOf(context, record), { for: gate.name, why, now: host.now() });
      await gate.change(seen, AbortSignal.any([over, AbortSignal.timeout(LOOK_EVERY_MS)]));
    }
  } finally {
    note?.end();
  }
}

async function override(
  { host, config }: FinalizationContext,
  { id }: FinalizationRecord,
  why: string,
): Promise<OnInhibitors> {
  const waited = `after ${config.waitFor.rollbackTimeout} s`;
  const message = `reboots for the rollback although a program blocks the shutdown, ${waited}: ${why}`;
  await host.journal.announce(eventEntry("inhibitor-overridden", id, message));
  return "overridden";
}
