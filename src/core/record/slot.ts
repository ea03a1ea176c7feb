import * as v from "valibot";
import { jsonAs } from "../answer.ts";
import { lockSchema } from "../config/lock-config.ts";
import type { Frozen } from "../config/schema-parts.ts";
import { ID_PATTERN } from "./id.ts";
import { clockReading, moment } from "./clock-schema.ts";

/**
 * The slot of the fleet lock that this host may hold. Written before the request for a slot and removed
 * after it was given back, so that a crash does not lose a slot.
 */
export const slotSchema = v.object({
  schemaVersion: v.literal(1),
  /** The finalization that requested it last. */
  finalization: v.pipe(v.string(), v.regex(ID_PATTERN)),
  /** The name of this host with the lock server. */
  holder: v.string(),
  /** The number of the request of this finalization. */
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** The last request to the server; only `held` was confirmed. */
  state: v.picklist(["asked", "held", "giving-back"]),
  /** The time of the first request. */
  askedAt: moment,
  /** The clocks then; null in a file of an older version. */
  clock: v.optional(v.nullable(clockReading), null),
  takenAt: v.nullable(moment),
  /** The etcd lease of the slot; null for none. */
  lease: v.nullable(v.string()),
  /** Its lock server: the configuration may change before the slot is given back. */
  lock: lockSchema,
  /** Why the host keeps it: the finalization failed or was rolled back. */
  keptBecause: v.nullable(v.string()),
});

export type Slot = Frozen<v.InferOutput<typeof slotSchema>>;

/** The slot in a text; null if the text holds none. */
export function parseSlot(text: string): Slot | null {
  return jsonAs(slotSchema, text);
}

/**
 * The text of a slot. It leaves out which acts need one: that is nothing of the slot, and the older
 * program of a system that the host falls back to would not understand it.
 */
export function slotText(slot: Slot): string {
  return `${JSON.stringify({ ...slot, lock: { ...slot.lock, for: undefined } }, null, 2)}\n`;
}

/** The name of one request at the lock server: each request has its own. */
export function tokenOf({ finalization, attempt }: Slot): string {
  return `${finalization}#${attempt}`;
}
