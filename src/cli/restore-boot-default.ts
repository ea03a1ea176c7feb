import { type FinalizationRecord, isReplacedBy } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { type Acting, setBack, whileNobodyActs } from "../host/setting-back.ts";
import { findToplevel, toplevelAt } from "../host/toplevel.ts";

/**
 * The system that is to boot without the finalization: the one that runs, as that of the
 * scheduling may have been rejected since; where the target runs, the one before it.
 */
export function systemWithout(
  { paths }: Host,
  { target, previous }: FinalizationRecord,
): string | null {
  const current = toplevelAt(paths.currentSystem);
  return current === null || current === target ? previous : current;
}

/** What the host's profile is at, and with it the next boot, after a finalization was dropped. */
export function nextBootOf(
  host: Host,
  record: FinalizationRecord,
): "target" | "previous" | "other" {
  const at = toplevelAt(record.profile);
  if (at !== null && at === systemWithout(host, record)) return "previous";
  return at === record.target ? "target" : "other";
}

/**
 * Sets profile and boot default of a deploy that was cancelled back to what runs.
 *
 * @throws Refusal where there is nothing to set them back to, or somebody else has moved them
 */
export async function restoreBootDefault(
  acting: Acting,
  record: FinalizationRecord,
  stop: AbortSignal,
): Promise<void> {
  const { id, profile, target } = record;
  const { host, store } = acting;
  await whileNobodyActs(acting, record, stop, async () => {
    const newest = store.newest();
    if (isReplacedBy(newest, record)) {
      throw new Refusal(`${newest} was scheduled after ${id}: the boot default is its business`);
    }
    // Asked now: whoever acted until now may have gone back.
    const to = systemWithout(host, record);
    if (to === null) throw new Refusal(`${id} has no previous system to boot`);
    if (findToplevel(to).kind !== "toplevel") {
      throw new Refusal(`the previous system ${to} is not in the store any more`);
    }
    await setBack(host, { profile, from: target, to });
  });
}
