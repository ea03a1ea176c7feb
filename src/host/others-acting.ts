import { isUnfinished } from "../core/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import { findDriver } from "./driver.ts";
import type { Host } from "./host.ts";
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
    const driver = await findDriver(host, store, other);
    if (driver.kind !== "nobody") return true;
  }
  return false;
}
