import { isUnfinished } from "../core/record/record.ts";
import type { Slot } from "../core/record/slot.ts";
import type { RecordStore } from "../state-dir/store.ts";

/**
 * The finalization of this host that may own its slot, and so gives the slot back or keeps it; null
 * if there is none. Without a note of the slot, each finalization that has not ended may.
 */
export async function ownerOfSlot(records: RecordStore, slot: Slot | null): Promise<string | null> {
  if (slot !== null && slot.keptBecause !== null) return slot.finalization;
  for (const id of records.idsNewestFirst()) {
    const read = await records.read(id);
    if (read.kind === "missing") continue;
    const mayOwn = read.kind !== "record" || isUnfinished(read.record);
    if (id === slot?.finalization || mayOwn) return id;
  }
  // A record that was set aside may be of any finalization that had a slot.
  return slot === null ? null : (records.setAside().find((id) => id === slot.finalization) ?? null);
}
