import type { LockConfig } from "../lock-config.ts";
import type { FleetConfig } from "./fleet-config.ts";

/** The hosts that a rollout goes over. */
export function groupOfFleet(
  { group }: Pick<FleetConfig, "group">,
  lock: Pick<LockConfig, "group">,
): string {
  return group ?? lock.group;
}
