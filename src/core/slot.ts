import * as v from "valibot";
import { lockSchema } from "./config-schema-lock.ts";
import { ID_PATTERN } from "./id.ts";
import { moment } from "./record-schema.ts";

/**
 * The slot of the fleet lock that this host may hold. It is written before a slot is
 * asked for and removed after it has been given back, so that no crash forgets one.
 */
export const slotSchema = v.object({
  schemaVersion: v.literal(1),
  /** The finalization that asked last. */
  finalization: v.pipe(v.string(), v.regex(ID_PATTERN)),
  /** The name of this host with the lock server. */
  holder: v.string(),
  /** Tells one taking from the others of the same finalization. */
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** What the server was asked last; only `held` is known to be so. */
  state: v.picklist(["asked", "held", "giving-back"]),
  /** Since when it is asked for. */
  askedAt: moment,
  takenAt: v.nullable(moment),
  /** The lease of etcd that the slot hangs on; null for none. */
  lease: v.nullable(v.string()),
  /** Where it was asked for: the configuration may be another one by the time that it is given back. */
  lock: lockSchema,
  /** Why it is kept: a finalization failed while it held the slot. */
  keptBecause: v.nullable(v.string()),
});

export type Slot = Readonly<v.InferOutput<typeof slotSchema>>;

/** Names one taking with the lock server: a slot that is given back and taken again gets another name. */
export function tokenOf({ finalization, attempt }: Slot): string {
  return `${finalization}#${attempt}`;
}
