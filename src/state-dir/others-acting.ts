import { isUnfinished } from "../core/record/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import { findDriver } from "./owner.ts";
import type { Host } from "../host/process/host.ts";
import { pinnedIds } from "./pins.ts";
import type { RecordStore } from "./store.ts";

/**
 * Whether another unfinished finalization has started to act and still has a process or unit driving
 * it. The lock of the turn alone does not show this: its process may have been killed or ended by a
 * shutdown, and systemd starts it again.
 */
export async function isAnotherActing(
  host: Host,
  store: RecordStore,
  id: string,
): Promise<boolean> {
  for (const other of pinnedIds(host.paths).filter((one) => one !== id)) {
    const read = await store.read(other);
    if (read.kind !== "record" || !isUnfinished(read.record)) continue;
    if (!hasBegunToAct(read.record.state)) continue;
    if (await isDriven(host, store, other)) return true;
  }
  return false;
}

/** Asked of systemd and of the kernel: to take the lock would get in the way of a unit that starts. */
async function isDriven(host: Host, store: RecordStore, id: string): Promise<boolean> {
  return (await findDriver(host, store, id)).kind !== "nobody";
}
