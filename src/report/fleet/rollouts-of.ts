import { groupOfFleet } from "../../core/config/fleet/group.ts";
import type { Config } from "../../core/config/config.ts";
import { holderOf } from "../../fleet/holder.ts";
import type { Host } from "../../host/process/host.ts";
import type { RolloutsOf } from "./send-status.ts";

/** The rollouts of the present configuration; their code is loaded for the first status of a group. */
export function rolloutsOf({ paths, now }: Host, { lock, fleet, proxy }: Config): RolloutsOf {
  return async (group) => {
    if (fleet === null || lock === null || groupOfFleet(fleet, lock) !== group) return null;
    const { rolloutServerFor } = await import("../../fleet/rollouts/server-for.ts");
    return rolloutServerFor(lock, fleet, holderOf(lock, paths.machineId), now, proxy);
  };
}
