/** https://coreos.github.io/zincati/development/fleetlock/protocol: the names that a group may have. */
export const GROUP_PATTERN = /^[a-zA-Z0-9.-]+$/;

/** What both kinds of lock server are asked with. */
interface LockTimes {
  /** The hosts that share the slots. */
  readonly group: string;
  /** Seconds that one request may take. */
  readonly timeout: number;
  /** Seconds between two tries, on average: each host adds or takes up to a half. */
  readonly retry: number;
  /** Seconds to wait for a slot, from the moment that everything else is ready for the reboot. */
  readonly deadline: number;
  /** What happens then: nothing is done, or the host reboots without a slot. */
  readonly onDeadline: "give-up" | "proceed";
}

/** Files for TLS, each null where it is not needed. */
export interface TlsFiles {
  /** The certificates to trust, in place of the system's. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** A server that speaks FleetLock (notes/fleetlock.md). */
export interface FleetLockConfig extends LockTimes, TlsFiles {
  readonly backend: "fleetlock";
  /** What comes before `/v1/pre-reboot`. */
  readonly url: string;
}

/** The slots as keys of an etcd cluster (notes/etcd-gateway.md). */
export interface EtcdLockConfig extends LockTimes, TlsFiles {
  readonly backend: "etcd";
  /** Client addresses of the cluster's members. */
  readonly endpoints: readonly string[];
  /** What the keys begin with, without a slash at its end. */
  readonly prefix: string;
  /** How many hosts of the group may hold a slot at once. */
  readonly slots: number;
  /** Seconds after which a slot that nobody renews is free again; null: never. */
  readonly lease: number | null;
  readonly username: string | null;
  readonly passwordFile: string | null;
}

export type LockConfig = FleetLockConfig | EtcdLockConfig;

/** What holds where `lock` is there and silent. */
export const DEFAULT_LOCK = {
  group: "default",
  timeout: 10,
  retry: 30,
  // A fleet takes its time: a day is not a fault yet.
  deadline: 86_400,
  onDeadline: "give-up",
} as const;

/** The same for what only etcd has. Without a lease a host that fails halts the fleet. */
export const DEFAULT_ETCD = { prefix: "deploy-finalize", slots: 1, lease: null } as const;

/** Whether two configurations mean the same slots. */
export function isSameLock(one: LockConfig, other: LockConfig): boolean {
  if (one.group !== other.group) return false;
  if (one.backend === "fleetlock") return other.backend === "fleetlock" && one.url === other.url;
  return (
    other.backend === "etcd" &&
    one.prefix === other.prefix &&
    // The members of a cluster come and go: one that stayed tells that it is the same.
    one.endpoints.some((endpoint) => other.endpoints.includes(endpoint))
  );
}
