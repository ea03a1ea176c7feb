import { stateEntry } from "../core/journal-entry.ts";
import { end, isUnfinished } from "../core/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import type { Host } from "./host.ts";
import { tryLock } from "./lock.ts";
import { pinnedIds, unpin } from "./pins.ts";
import type { RecordStore } from "./store.ts";

/**
 * Ends every older finalization that has not begun to act and that no process is
 * running. One that is running sees by itself that it is not the newest any more.
 */
export async function supersedeOlder(
  host: Host,
  store: RecordStore,
  newest: string,
): Promise<void> {
  for (const id of pinnedIds(host.paths)) {
    if (id !== newest) await supersede(host, store, id, newest);
  }
}

async function supersede(
  host: Host,
  store: RecordStore,
  id: string,
  newest: string,
): Promise<void> {
  const lock = await tryLock(host, store.lockPath(id));
  if (lock === null) return;
  try {
    const read = await store.read(id);
    if (read.kind !== "record") return;
    const { record } = read;
    if (!isUnfinished(record) || hasBegunToAct(record.state)) return;
    const ended = end(record, "superseded", host.now(), { reason: `superseded by ${newest}` });
    store.save(ended);
    await host.report?.changed(ended);
    unpin(host.paths, id);
    await host.journal.announce(stateEntry(ended));
  } finally {
    await lock.release();
  }
}
