import type { FinalizationRecord } from "../../core/record/record.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
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
