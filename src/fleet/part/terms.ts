import { groupOfFleet } from "../../core/config/fleet/group.ts";
import type { Config } from "../../core/config/config.ts";
import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import { type EtcdLockConfig, isSameLock } from "../../core/config/lock-config.ts";
import type { ProxyConfig } from "../../core/config/proxy-config.ts";
import type { Part } from "../../core/record/fleet/part.ts";
import type { RolloutServer, Self } from "../rollouts/rollout-server.ts";

/** What a configuration says of rollouts. */
export interface FleetTerms {
  readonly lock: EtcdLockConfig;
  readonly fleet: FleetConfig;
}

/** Null if no rollouts are configured. */
export function fleetTermsOf({ lock, fleet }: Pick<Config, "lock" | "fleet">): FleetTerms | null {
  return fleet === null || lock?.backend !== "etcd" ? null : { lock, fleet };
}

export function groupOf({ lock, fleet }: FleetTerms): string {
  return groupOfFleet(fleet, lock);
}

/** Whether two mean the same group on the same server, and this host under the same name. */
export function isSameGroup(
  one: FleetTerms & Pick<Part, "holder">,
  other: FleetTerms & Pick<Part, "holder">,
): boolean {
  const lockOf = (terms: FleetTerms): EtcdLockConfig => ({ ...terms.lock, group: groupOf(terms) });
  return one.holder === other.holder && isSameLock(lockOf(one), lockOf(other));
}

export function selfOf(
  part: Pick<Part, "finalization" | "rollout" | "generation" | "holder" | "fleet">,
  host: string,
): Self {
  const { finalization, rollout, generation, holder, fleet } = part;
  const { wave, maxFailures, joinWithin, onMissing } = fleet;
  const terms = { wave, maxFailures, joinWithin, onMissing };
  return { id: holder, host, rollout, finalization, generation, ...terms };
}

/** The rollouts of a group; tests hand in their own. */
export type RolloutServerFor = (
  lock: EtcdLockConfig,
  fleet: FleetConfig,
  holder: string,
  now: () => Date,
  proxy: ProxyConfig,
) => RolloutServer;

/** Loaded only by a host that takes part. */
export async function loadServerFor(): Promise<RolloutServerFor> {
  const { rolloutServerFor } = await import("../rollouts/server-for.ts");
  return rolloutServerFor;
}
