import { isUnfinished } from "../core/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import { findDrivingUnit } from "./driver.ts";
import type { Host } from "./host.ts";
import { tryLock } from "./lock.ts";
import { pinnedIds } from "./pins.ts";
import type { RecordStore } from "./store.ts";

/**
 * Whether another finalization has begun to act and is to go on. Its process may be away, killed or
 * ended by a shutdown, so that the lock of the turn alone does not tell: systemd starts it again.
 * One that nobody drives any more holds up nobody.
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

/** The lock is tried only where no unit could be starting, which would find it taken and give up. */
async function isDriven(host: Host, store: RecordStore, id: string): Promise<boolean> {
  const driver = await findDrivingUnit(host, id);
  if (driver.kind !== "nobody") return true;
  const lock = await tryLock(host, store.lockPath(id));
  await lock?.release();
  return lock === null;
}
