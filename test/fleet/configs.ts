import * as v from "valibot";
import { type FleetConfig, fleetSchema } from "../../src/core/config/fleet/fleet-config.ts";
import {
  type EtcdLockConfig,
  type FleetLockConfig,
  lockSchema,
} from "../../src/core/config/lock-config.ts";
import type { Claim } from "../../src/fleet/slot-keeping.ts";

export function fleetLockConfig(url: string, more: Partial<FleetLockConfig> = {}): FleetLockConfig {
  const config = v.parse(lockSchema, { backend: "fleetlock", url });
  if (config.backend !== "fleetlock") throw new Error("another backend");
  return { ...config, ...more };
}

export function etcdConfig(
  endpoints: readonly string[],
  more: Partial<EtcdLockConfig> = {},
): EtcdLockConfig {
  const config = v.parse(lockSchema, { backend: "etcd", endpoints });
  if (config.backend !== "etcd") throw new Error("another backend");
  return { ...config, ...more };
}

export function claimOf(id: string, more: Partial<Claim> = {}): Claim {
  const finalization = "20261122-213000-aaaa";
  return { id, host: `host-${id}`, finalization, token: `${finalization}#1`, lease: null, ...more };
}

export function fleetConfig(more: Partial<FleetConfig> = {}): FleetConfig {
  return { ...v.parse(fleetSchema, { wave: 0 }), ...more };
}
