import { isUnfinished } from "../../core/record/record.ts";
import type { Host, OwnCommand } from "../../host/process/host.ts";
import { findDriver, isBeingScheduled } from "../../state-dir/owner.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { resumeOne } from "../resume.ts";

/**
 * Starts the unit of the newest finalization if it is unfinished and nothing drives it. A timer that
 * was stopped for a newer finalization that came to nothing leaves that behind.
 */
export async function driveNewest(host: Host, store: RecordStore, run: OwnCommand): Promise<void> {
  const newest = await store.readNewest();
  if (newest === null || !isUnfinished(newest)) return;
  if ((await findDriver(host, store, newest.id)).kind !== "nobody") return;
  await resumeOne(host, store, run, newest.id);
}

/** `driveNewest` for a process without the schedule lock: the call that holds it looks itself. */
export async function keepNewestDriven(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
): Promise<void> {
  if (!isBeingScheduled(host, store)) await driveNewest(host, store, run);
}
