import * as v from "valibot";
import { moment } from "../core/record-schema.ts";
import type { Slot } from "../core/slot.ts";

const holder = v.object({
  slot: v.number(),
  id: v.pipe(v.string(), v.description("Its name with the lock server, for `--holder`.")),
  host: v.string(),
  finalization: v.string(),
  takenAt: v.string(),
  isThisHost: v.boolean(),
});

/** What a host may hold of the fleet lock. */
export const ownSlotSchema = v.object({
  group: v.string(),
  state: v.pipe(
    v.picklist(["asked", "held", "giving-back"]),
    v.description("What the server was asked last; only `held` is known to be so."),
  ),
  finalization: v.string(),
  askedAt: moment,
  takenAt: v.nullable(moment),
  keptBecause: v.pipe(
    v.nullable(v.string()),
    v.description("Why it is kept: the finalization failed while it held the slot."),
  ),
});

/** What `lock status` and `lock release` print with `--json`. */
export const lockSchema = v.object({
  schemaVersion: v.literal(1),
  backend: v.picklist(["fleetlock", "etcd"]),
  group: v.string(),
  server: v.pipe(v.array(v.string()), v.description("Its addresses.")),
  id: v.pipe(v.string(), v.description("The name of this host with the lock server.")),
  own: v.pipe(
    v.nullable(ownSlotSchema),
    v.description("What this host may hold; null for nothing."),
  ),
  slots: v.pipe(v.nullable(v.number()), v.description("Null where it cannot be told.")),
  holders: v.pipe(v.nullable(v.array(holder)), v.description("Null where it cannot be told.")),
  unknown: v.pipe(v.nullable(v.string()), v.description("Why it cannot be told.")),
  released: v.pipe(
    v.nullable(v.string()),
    v.description("Whose slot was given back; null for `lock status`."),
  ),
});

export type LockJson = v.InferOutput<typeof lockSchema>;

export function toOwnSlotJson(slot: Slot): NonNullable<LockJson["own"]> {
  const { state, finalization, askedAt, takenAt, keptBecause, lock } = slot;
  return { group: lock.group, state, finalization, askedAt, takenAt, keptBecause };
}
