import type { FinalizationRecord } from "../../core/record/record.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { readWaitingNote } from "../../state-dir/waiting-note.ts";

/**
 * How to end a switch that does not end by itself: no request reaches it. Empty for a state in which
 * no switch runs.
 */
export function waysOut(store: RecordStore, { id, state }: FinalizationRecord): string[] {
  if (state !== "switching" && state !== "rolling-back") return [];
  const note = readWaitingNote(store, id);
  const waits = note?.for === "switch" ? [note.why] : [];
  return [
    ...waits,
    "to see what the switch waits for: systemctl list-jobs",
    "to end such a job: systemctl stop UNIT, or systemctl cancel JOB. The switch then ends and is verified",
  ];
}
