import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { RecordStore } from "../../src/state-dir/store.ts";

/** Saves a record as the newest one, as `schedule` does; creates the folder if it is missing. */
export function saveNewest(store: RecordStore, record: FinalizationRecord): void {
  store.create();
  store.saveNew(record);
  store.publish(record.id);
}
