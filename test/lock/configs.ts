import {
  DEFAULT_ETCD,
  DEFAULT_LOCK,
  type EtcdLockConfig,
  type FleetLockConfig,
} from "../../src/core/lock-config.ts";
import type { Claim } from "../../src/core/slot-keeping.ts";

const NO_TLS = { caFile: null, certFile: null, keyFile: null };

export function fleetLockConfig(url: string, more: Partial<FleetLockConfig> = {}): FleetLockConfig {
  return { ...DEFAULT_LOCK, ...NO_TLS, backend: "fleetlock", url, ...more };
}

export function etcdConfig(
  endpoints: readonly string[],
  more: Partial<EtcdLockConfig> = {},
): EtcdLockConfig {
  const login = { username: null, passwordFile: null };
  return {
    ...DEFAULT_LOCK,
    ...DEFAULT_ETCD,
    ...NO_TLS,
    ...login,
    backend: "etcd",
    endpoints,
    ...more,
  };
}

export function claimOf(id: string, more: Partial<Claim> = {}): Claim {
  const finalization = "20261122-213000-aaaa";
  return { id, host: `host-${id}`, finalization, token: `${finalization}#1`, lease: null, ...more };
}
