import * as v from "valibot";
import type { ProxyConfig } from "./proxy-config.ts";
import {
  absolutePath,
  fractionOfSeconds,
  type Frozen,
  someSeconds,
  someText,
  webAddress,
  wholeSeconds,
} from "./schema-parts.ts";

/** The allowed names of a group: https://coreos.github.io/zincati/development/fleetlock/protocol */
export const GROUP_PATTERN = /^[a-zA-Z0-9.-]+$/;

export const groupName = v.pipe(
  v.string(),
  v.regex(GROUP_PATTERN, "must be letters, digits, dots and dashes"),
);

const serverAddress = v.pipe(
  webAddress,
  v.check(hasNoSecret, "must not contain a user, password, query or fragment"),
);

/** Read from the text: a URL also drops an empty user, query and fragment. */
function hasNoSecret(text: string): boolean {
  return !/[?#]/.test(text) && !/^https?:\/\/[^/]*@/.test(text);
}

/**
 * `zincati` stands for the id that Zincati derives from the machine id. No slash, because it is a part
 * of a key in etcd.
 */
const holderName = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9._:-]{1,128}$/, "must be letters, digits, dots, dashes, _ and :"),
);

const file = v.optional(v.nullable(absolutePath), null);

const ACTS_BY_DEFAULT = ["reboot"] as const;

const common = {
  /** The hosts that share the slots. */
  group: v.optional(groupName, "default"),
  /** The acts that need a slot; none if the server is only there for rollouts. */
  for: v.optional(v.array(v.picklist(["switch", "reboot"])), [...ACTS_BY_DEFAULT]),
  /** The name of this host with the lock server; null derives it from the machine id. */
  id: v.optional(v.nullable(holderName), null),
  /** The timeout of one request in seconds. */
  timeout: v.optional(fractionOfSeconds, 10),
  /** Seconds between two tries, plus or minus a random half. */
  retry: v.optional(fractionOfSeconds, 30),
  /** The maximum wait for a slot in seconds, after all other gates are open. A fleet is slow: a day is not a failure yet. */
  deadline: v.optional(wholeSeconds, 86_400),
  /** After that: do nothing, or act without a slot. */
  onDeadline: v.optional(v.picklist(["give-up", "proceed"]), "give-up"),
  /** What becomes of the slot of a host that rolled back: kept, so that the fleet stops, or given back. */
  onRollback: v.optional(v.picklist(["keep", "give-back"]), "keep"),
  /** The trusted certificates, instead of the system's. */
  caFile: file,
  certFile: file,
  keyFile: file,
};

const slots = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be 1 or more"),
  v.maxValue(9999, "must be 9999 at most"),
);

const prefix = v.pipe(
  v.string(),
  v.regex(/^[^\0]*[^\0/]$/, "must not be empty or end with a slash"),
);

export const lockSchema = v.pipe(
  v.variant("backend", [
    /** A server that speaks FleetLock (notes/fleetlock.md); the address is the part before `/v1/pre-reboot`. */
    v.strictObject({ ...common, backend: v.literal("fleetlock"), url: serverAddress }),
    /** The slots as keys of an etcd cluster (notes/etcd-gateway.md). */
    v.strictObject({
      ...common,
      backend: v.literal("etcd"),
      /** Client addresses of the cluster's members. */
      endpoints: v.pipe(v.array(serverAddress), v.minLength(1, "must name an endpoint")),
      /** The first part of the keys, without a final slash. */
      prefix: v.optional(prefix, "deploy-finalize"),
      /** How many hosts of the group may hold a slot at the same time. */
      slots: v.optional(slots, 1),
      /** Seconds after which a slot that is not renewed is free again; null: never, so a host that fails stops the fleet. */
      lease: v.optional(v.nullable(someSeconds), null),
      username: v.optional(v.nullable(someText), null),
      passwordFile: file,
    }),
  ]),
  v.check(
    ({ certFile, keyFile }) => (certFile === null) === (keyFile === null),
    "certFile and keyFile go together",
  ),
  v.check(
    (lock) => lock.backend !== "etcd" || (lock.username === null) === (lock.passwordFile === null),
    "username and passwordFile go together",
  ),
);

export type LockConfig = Frozen<v.InferOutput<typeof lockSchema>>;
export type FleetLockConfig = Extract<LockConfig, { backend: "fleetlock" }>;
export type EtcdLockConfig = Extract<LockConfig, { backend: "etcd" }>;
/** A lock with the way to its server: none of its own settings, because it may change. */
export type Reached<Lock extends LockConfig> = Lock & { readonly proxy?: ProxyConfig };
/** Files for TLS; null if not needed. */
export type TlsFiles = Pick<LockConfig, "caFile" | "certFile" | "keyFile">;

/** The lock of which an act needs a slot; null if it needs none. */
export function lockFor(
  lock: LockConfig | null,
  action: LockConfig["for"][number],
): LockConfig | null {
  return lock?.for.includes(action) === true ? lock : null;
}

/** Whether two configurations mean the same slots. */
export function isSameLock(one: LockConfig, other: LockConfig): boolean {
  if (one.group !== other.group) return false;
  if (one.backend === "fleetlock") return other.backend === "fleetlock" && one.url === other.url;
  return (
    other.backend === "etcd" &&
    one.prefix === other.prefix &&
    // The members of a cluster change: one common member means the same cluster.
    one.endpoints.some((endpoint) => other.endpoints.includes(endpoint))
  );
}
