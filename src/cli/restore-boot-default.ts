import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { setBack, whileNobodyActs } from "../host/setting-back.ts";
import type { RecordStore } from "../host/store.ts";
import { findToplevel, toplevelAt } from "../host/toplevel.ts";

/** What the host's profile is at, and with it the next boot, after a finalization was dropped. */
export function nextBootOf(record: FinalizationRecord): "target" | "previous" | "other" {
  const at = toplevelAt(record.profile);
  if (at !== null && at === record.previous) return "previous";
  return at === record.target ? "target" : "other";
}

/**
 * Sets profile and boot default back to what they were before a deploy that was cancelled.
 *
 * @throws Refusal where there is nothing to set them back to, or somebody else has moved them
 */
export async function restoreBootDefault(
  acting: { readonly host: Host; readonly store: RecordStore; readonly config: Config },
  record: FinalizationRecord,
  stop: AbortSignal,
): Promise<void> {
  const { id, profile, target, previous } = record;
  if (previous === null) throw new Refusal(`${id} has no previous system to boot`);
  if (findToplevel(previous).kind !== "toplevel") {
    throw new Refusal(`the previous system ${previous} is not in the store any more`);
  }
  const { host, store } = acting;
  await whileNobodyActs(acting, record, stop, async () => {
    const newest = store.newest();
    if (newest !== null && newest !== id) {
      throw new Refusal(`${newest} was scheduled after ${id}: the boot default is its business`);
    }
    await setBack(host, { profile, from: target, to: previous });
  });
}
