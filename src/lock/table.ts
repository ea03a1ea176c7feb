import type { LockConfig } from "../core/lock-config.ts";
import type { SlotServer } from "../core/slot-keeping.ts";
import { EtcdSlots } from "./etcd.ts";
import { fleetLockServer } from "./fleetlock.ts";
import { fractionOf } from "./spread.ts";

/**
 * The lock server that a configuration means.
 *
 * @param holder the name of this host, which also spreads the hosts over etcd's members
 */
export function serverFor(config: LockConfig, holder: string, now: () => Date): SlotServer {
  return config.backend === "fleetlock"
    ? fleetLockServer(config)
    : new EtcdSlots(config, now, fractionOf(holder));
}
