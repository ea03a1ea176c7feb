import { owedHook } from "../../core/record/hooks.ts";
import { isUnfinished } from "../../core/record/record.ts";
import { owesItsEnd } from "../../fleet/part/part-store.ts";
import type { Host, OwnCommand } from "../../host/process/host.ts";
import { findDriver, isBeingScheduled } from "../../state-dir/owner.ts";
import { pinnedIds } from "../../state-dir/pins.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { isLostAndOwing, owingWithoutPins, unlessUnreadable } from "../lost/owing.ts";
import { resumeOne } from "../resume.ts";

/**
 * Starts the unit of the newest finalization if it is unfinished and nothing drives it. A timer that
 * was stopped for a newer finalization that came to nothing leaves that behind.
 */
export async function driveNewest(host: Host, store: RecordStore, run: OwnCommand): Promise<void> {
  const newest = await store.readNewest();
  if (newest === null || !isUnfinished(newest)) return;
  await driveIfNobody(host, store, run, newest.id);
}

/** `driveNewest` for a process without the schedule lock: the call that holds it looks itself. */
export async function keepNewestDriven(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
): Promise<void> {
  try {
    if (!isBeingScheduled(host, store)) await driveNewest(host, store, run);
  } finally {
    await driveOwing(host, store, run);
  }
}

/**
 * An older one whose unit somebody has stopped may have left hooks that have to end, or a group that has to be
 * told of its end. The record may be lost since.
 */
async function driveOwing(host: Host, store: RecordStore, run: OwnCommand): Promise<void> {
  for (const id of pinnedIds(host.paths)) {
    await unlessUnreadable(host, id, async () => {
      if (await isOwing(store, id)) await driveIfNobody(host, store, run, id);
    });
  }
  for (const id of await owingWithoutPins(host, store)) {
    await unlessUnreadable(host, id, async () => await driveIfNobody(host, store, run, id));
  }
}

async function isOwing(store: RecordStore, id: string): Promise<boolean> {
  const read = await store.read(id);
  if (read.kind !== "record") return await isLostAndOwing(store, id, read.kind);
  const { record } = read;
  return owedHook(record) !== null || (!isUnfinished(record) && (await owesItsEnd(store, id)));
}

async function driveIfNobody(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
  id: string,
): Promise<void> {
  if ((await findDriver(host, store, id)).kind !== "nobody") return;
  await resumeOne(host, store, run, id);
}
