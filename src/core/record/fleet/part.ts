import * as v from "valibot";
import { jsonAs } from "../../answer.ts";
import { fleetSchema } from "../../config/fleet/fleet-config.ts";
import { type EtcdLockConfig, lockSchema } from "../../config/lock-config.ts";
import type { Frozen } from "../../config/schema-parts.ts";
import { clockReading } from "../clock-schema.ts";
import { ID_PATTERN } from "../id.ts";

const endSchema = v.variant("kind", [
  /** It is live since then, and has to stay healthy. */
  v.object({
    kind: v.literal("soaking"),
    since: clockReading,
    /** The boot in which a process watches it; null or absent if that was stopped in order, or has not begun. */
    watchedIn: v.optional(v.nullable(v.string())),
  }),
  v.object({ kind: v.literal("live") }),
  v.object({ kind: v.literal("failed"), why: v.string() }),
  /** It does not take part any more. */
  v.object({ kind: v.literal("left"), why: v.string() }),
  /** Another finalization of this host tells the end. */
  v.object({ kind: v.literal("handed-on"), to: v.string() }),
]);

/**
 * What a finalization has to do with the rollout of its group. Written before etcd is asked for the first
 * time, and when the end is known, so that after a crash the end is still told. It is no part of the record,
 * because a process that waits at its gates or soaks must not write that.
 */
const partSchema = v.object({
  schemaVersion: v.literal(1),
  /** The finalization by which the group knows it: a rollback by hand takes over the part of another one. */
  finalization: v.pipe(v.string(), v.regex(ID_PATTERN)),
  /** The name of the rollout. */
  rollout: v.string(),
  generation: v.nullable(v.number()),
  /** The name of this host with etcd. */
  holder: v.string(),
  /** The group and its server: the configuration may change before the end is told. */
  lock: lockSchema,
  fleet: fleetSchema,
  /** When etcd answered for the first time, whatever the answer was; absent before. */
  answered: v.optional(clockReading),
  /**
   * Since when it waits in the rollout that it has joined, in this boot; null if it is in none. Another group
   * or server, another rollout and another boot begin the time anew.
   */
  joined: v.nullable(clockReading),
  /** The number of that rollout. */
  seq: v.optional(v.nullable(v.number())),
  /** The seconds since `joined` in which etcd did not answer. */
  withoutAnswer: v.pipe(v.number(), v.minValue(0)),
  /** Null before the end of the finalization. */
  end: v.nullable(endSchema),
  /** Whether the end is told, so that nothing is left to do. */
  isTold: v.boolean(),
});

type Parsed = Frozen<v.InferOutput<typeof partSchema>>;

export interface Part extends Omit<Parsed, "lock"> {
  readonly lock: EtcdLockConfig;
}

export type PartEnd = NonNullable<Part["end"]>;

/** The part in a text; null if the text holds none. */
export function parsePart(text: string): Part | null {
  const part: Parsed | null = jsonAs(partSchema, text);
  if (part === null) return null;
  const { lock } = part;
  return lock.backend === "etcd" ? { ...part, lock } : null;
}
