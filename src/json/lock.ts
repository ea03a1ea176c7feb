import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import type { Slot } from "../core/record/slot.ts";
import { described, orNull } from "./described.ts";

const holder = v.object({
  slot: v.number(),
  id: described(v.string(), "The host's name with the lock server, for `--holder`."),
  host: v.string(),
  finalization: v.string(),
  takenAt: v.string(),
  isThisHost: v.boolean(),
});

/** The slot of the fleet lock that a host may hold. */
export const ownSlotSchema = v.object({
  group: v.string(),
  state: described(
    v.picklist(["asked", "held", "giving-back"]),
    "The last request to the server; only `held` is confirmed.",
  ),
  finalization: v.string(),
  askedAt: moment,
  takenAt: v.nullable(moment),
  keptBecause: orNull(
    v.string(),
    "Why the slot is kept: the finalization failed while it held it.",
  ),
});

/** What `lock status` and `lock release` print with `--json`. */
export const lockStatusSchema = v.object({
  schemaVersion: v.literal(1),
  backend: v.picklist(["fleetlock", "etcd"]),
  group: v.string(),
  server: described(v.array(v.string()), "The addresses of the lock server."),
  id: described(v.string(), "The name of this host with the lock server."),
  own: orNull(ownSlotSchema, "The slot that this host may hold; null for none."),
  slots: orNull(v.number(), "Null if unknown."),
  holders: orNull(v.array(holder), "Null if unknown."),
  unknown: orNull(v.string(), "Why the slots are unknown; null if they are known."),
  released: orNull(v.string(), "The holder whose slot was given back; null for `lock status`."),
});

export type LockJson = v.InferOutput<typeof lockStatusSchema>;

export function toOwnSlotJson(slot: Slot): NonNullable<LockJson["own"]> {
  const { state, finalization, askedAt, takenAt, keptBecause, lock } = slot;
  return { group: lock.group, state, finalization, askedAt, takenAt, keptBecause };
}
