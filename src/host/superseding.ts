import { stateEntry } from "../core/journal-entry.ts";
import { end } from "../core/record.ts";
import { isCancellable } from "../core/states.ts";
import type { Host } from "./host.ts";
import { tryLock } from "./lock.ts";
import { updateNotice } from "./notice.ts";
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
    if (id === newest) continue;
    await endUnacted(host, store, id, "superseded", `superseded by ${newest}`);
  }
}

/** Ends a finalization, unless it has begun to act or a process is running it: then it is left alone. */
export async function endUnacted(
  host: Host,
  store: RecordStore,
  id: string,
  state: "superseded" | "failed",
  reason: string,
): Promise<"ended" | "left"> {
  const lock = await tryLock(host, store.lockPath(id));
  if (lock === null) return "left";
  try {
    const read = await store.read(id);
    if (read.kind !== "record" || !isCancellable(read.record.state)) return "left";
    const ended = end(read.record, state, host.now(), { reason });
    store.save(ended);
    await host.report?.changed(ended);
    unpin(host.paths, id);
    updateNotice(host, store, ended);
    await host.journal.announce(stateEntry(ended));
    return "ended";
  } finally {
    await lock.release();
  }
}
