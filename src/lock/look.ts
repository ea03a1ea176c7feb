import { isSameLock, type LockConfig } from "../core/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Occupancy } from "../core/slot-keeping.ts";
import type { Host } from "../host/host.ts";
import { readHolderId } from "./holder.ts";
import type { SlotSeen } from "./slot-store.ts";
import { serverFor } from "./table.ts";

/** How the gate of a lock would be found, and why, in words. */
export interface LockView {
  readonly state: "open" | "closed" | "unknown";
  readonly why: string;
}

/** Seconds: whoever only looks does not want to wait as long as a host that is to reboot. */
const LONGEST_LOOK = 5;

/**
 * What the fleet lock would say if it were asked for a slot now. It is not asked for one.
 *
 * @param own what this host may hold already
 */
export async function lookAtLock(host: Host, lock: LockConfig, own: SlotSeen): Promise<LockView> {
  const group = `group ${lock.group}`;
  try {
    const holder = readHolderId(host.paths.machineId);
    const asked = { ...lock, timeout: Math.min(lock.timeout, LONGEST_LOOK) };
    const seen = await serverFor(asked, holder, host.now).look();
    if (holds(own, lock)) return { state: "open", why: `${group}, ${OWN}` };
    return inWords(group, holder, seen);
  } catch (error) {
    return { state: "unknown", why: `${group}: ${messageOf(error)}` };
  }
}

const OWN = "this host holds a slot already";

/** Only etcd can be asked, and there a slot may be gone with its lease whatever the disk says. */
function holds(own: SlotSeen, lock: LockConfig): boolean {
  if (lock.backend === "etcd") return false;
  return own.kind === "slot" && own.slot.state === "held" && isSameLock(own.slot.lock, lock);
}

function inWords(group: string, holder: string, seen: Occupancy): LockView {
  if (seen.kind === "unknown") return { state: "unknown", why: `${group}: ${seen.why}` };
  const { slots, holders } = seen;
  if (holders.some(({ id }) => id === holder)) return { state: "open", why: `${group}, ${OWN}` };
  const free = Math.max(0, slots - holders.length);
  const count = `${group}, ${free} of ${slots} ${slots === 1 ? "slot" : "slots"} free`;
  if (free > 0) return { state: "open", why: count };
  return {
    state: "closed",
    why: `${count}: held by ${holders.map((each) => each.host).join(", ")}`,
  };
}
