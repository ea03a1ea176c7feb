import type { FinalizationRecord } from "../../core/record/record.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import { findDrivingUnit, isBeingScheduled } from "../../state-dir/owner.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/**
 * For a finalization whose `schedule` was killed, without a timer: the timer was never armed, or a boot
 * has ended it. Its deploy is the newest one only if the profile is still as that deploy set it;
 * otherwise the finalization that `current` names stays the newest.
 */
export function discardIfMoved(
  store: RecordStore,
  { id, profile, target }: FinalizationRecord,
): void {
  if (toplevelAt(profile) !== target) store.discard(id);
}

/**
 * Finishes a scheduling that was killed after it had armed the timer: the process of the finalization makes
 * it the newest one. A finalization that is run by hand may never have been armed.
 */
export async function publishIfArmed(
  host: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<void> {
  const { id, profile, target } = record;
  // Only what is not at its target needs to know: that costs a process.
  const mayBeUnarmed = toplevelAt(profile) !== target && store.isPrepared(id);
  if (mayBeUnarmed && !isBeingScheduled(host, store)) {
    const driver = await findDrivingUnit(host, id);
    if (driver.kind === "nobody") discardIfMoved(store, record);
  }
  store.publish(id);
}
