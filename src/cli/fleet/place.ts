import { groupOfFleet } from "../../core/config/fleet/group.ts";
import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import type { Config } from "../../core/config/config.ts";
import type { EtcdLockConfig } from "../../core/config/lock-config.ts";
import type { Rollout } from "../../core/fleet/rollout.ts";
import { Refusal } from "../../core/refusal.ts";
import { holderOf } from "../../fleet/holder.ts";
import type { RolloutServer } from "../../fleet/rollouts/rollout-server.ts";
import type { Context } from "../context.ts";
import type { OwnDeploy } from "./named-rollout.ts";

/** The group of hosts that a call means, and the way to its rollouts. */
export interface FleetPlace {
  readonly context: Context;
  readonly server: RolloutServer;
  readonly group: string;
  readonly endpoints: readonly string[];
  /** The name of this host with etcd; empty if it has none. */
  readonly id: string;
  /** The newest deploy of this host, whatever its end; absent if its records are not read. */
  readonly ownDeploy?: () => Promise<OwnDeploy | null>;
  /** Reports what an operator has done; absent if nobody is told. */
  readonly report?: (rollout: Rollout) => Promise<void>;
}

/**
 * Loads the engine only here, so that other commands do without it.
 *
 * @param group instead of the configured one
 * @throws Refusal if no rollouts are configured
 */
export async function placeOf(
  context: Context,
  config: Config,
  group?: string,
): Promise<FleetPlace> {
  const { lock, fleet, group: meant } = fleetMeant(config, group);
  const id = ownId(context, lock);
  const { rolloutServerFor } = await import("../../fleet/rollouts/server-for.ts");
  const server = rolloutServerFor(lock, fleet, id, context.now, config.proxy);
  return { context, server, group: meant, endpoints: lock.endpoints, id };
}

/** A host that lost its machine id can still ask. */
function ownId({ paths }: Context, lock: EtcdLockConfig): string {
  try {
    return holderOf(lock, paths.machineId);
  } catch {
    return "";
  }
}

/** The settings that a group's rollouts need. */
interface FleetMeant {
  readonly lock: EtcdLockConfig;
  readonly fleet: FleetConfig;
  readonly group: string;
}

function fleetMeant(
  { lock, fleet }: Pick<Config, "lock" | "fleet">,
  group: string | undefined,
): FleetMeant {
  if (fleet === null) {
    throw new Refusal(
      "no rollouts are configured. Set `fleet` and `lock` in the configuration file and name that file with --config.",
    );
  }
  if (lock === null || lock.backend !== "etcd") {
    throw new Refusal('rollouts need an etcd. Set `lock` with backend = "etcd".');
  }
  const meant = group ?? groupOfFleet(fleet, lock);
  return { lock, fleet: { ...fleet, group: meant }, group: meant };
}
