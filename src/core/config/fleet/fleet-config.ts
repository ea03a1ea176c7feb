import * as v from "valibot";
import { groupName } from "../lock-config.ts";
import { type Frozen, someSeconds, wholeSeconds } from "../schema-parts.ts";

const wave = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(0, "must be 0 or more"),
  v.maxValue(9999, "must be 9999 at most"),
);

const maxFailures = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be 1 or more"),
  v.maxValue(9999, "must be 9999 at most"),
);

/** The rollouts that this host takes part in. They need an etcd, whose settings stand in `lock`. */
export const fleetSchema = v.strictObject({
  /** The hosts that a rollout goes over; null for the group of `lock`. */
  group: v.optional(v.nullable(groupName), null),
  /** The wave of this host: it acts when all hosts of the lower waves have ended live and soaked. */
  wave,
  /** How long a host has to stay healthy after its end before it counts as live, in seconds. */
  soak: v.optional(wholeSeconds, 300),
  /** With so many failed hosts a rollout halts. */
  maxFailures: v.optional(maxFailures, 1),
  /** How long this host waits for a host of a lower wave that does not take part, in seconds. */
  joinWithin: v.optional(someSeconds, 3600),
  /** What follows then: the rollout halts, or goes on without that host. */
  onMissing: v.optional(v.picklist(["halt", "go-on-without"]), "halt"),
});

export type FleetConfig = Frozen<v.InferOutput<typeof fleetSchema>>;
