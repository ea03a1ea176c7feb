import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import type { LockConfig } from "../../core/config/lock-config.ts";
import type { ProxyConfig } from "../../core/config/proxy-config.ts";
import { Refusal } from "../../core/refusal.ts";
import { EtcdRollouts } from "./etcd-rollouts.ts";
import type { RolloutServer } from "./rollout-server.ts";

/**
 * The rollouts of a configuration.
 *
 * @param holder the name of this host: see holderOf
 * @throws Refusal if the lock server keeps no rollouts
 */
export function rolloutServerFor(
  lock: LockConfig,
  fleet: Pick<FleetConfig, "group">,
  holder: string,
  now: () => Date,
  proxy: ProxyConfig,
): RolloutServer {
  if (lock.backend !== "etcd") {
    throw new Refusal(`fleet needs lock.backend = "etcd": a server of FleetLock keeps no rollouts`);
  }
  return new EtcdRollouts({ ...lock, proxy }, fleet, holder, now);
}
