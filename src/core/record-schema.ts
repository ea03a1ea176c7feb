import * as v from "valibot";
import { ID_PATTERN } from "./id.ts";
import { STATES } from "./states.ts";

const moment = v.pipe(v.string(), v.isoTimestamp());
const storePath = v.pipe(v.string(), v.startsWith("/"));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const state = v.picklist(STATES);

const planSchema = v.object({
  action: v.picklist(["switch", "reboot"]),
  reason: v.string(),
  changed: v.array(v.string()),
});

const delaySchema = v.object({
  seconds: count,
  source: v.picklist(["flag", "configuration", "automatic"]),
});

/** Who asked for the finalization, as far as the environment of `schedule` tells. */
const requesterSchema = v.object({
  user: v.nullable(v.string()),
  sshClient: v.nullable(v.string()),
});

const outcomeSchema = v.object({
  reason: v.string(),
  /** Exit code of the last activation, null where none ran. */
  activationExitCode: v.nullable(v.number()),
  /** The last lines that the activation printed. */
  activationTail: v.array(v.string()),
});

/**
 * One finalization as it is kept in the state folder.
 *
 * Keys that this version does not know are dropped on reading, so a field may be
 * added without a new `schemaVersion`; a change of meaning takes a new one.
 */
export const recordSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.pipe(v.string(), v.regex(ID_PATTERN)),
  host: v.string(),
  profile: storePath,
  target: storePath,
  targetGeneration: v.nullable(count),
  /** The toplevel that was current at scheduling; null on a host that had none. */
  previous: v.nullable(storePath),
  previousGeneration: v.nullable(count),
  plan: planSchema,
  delay: delaySchema,
  scheduledAt: moment,
  /** When the timer is to fire. */
  fireAt: moment,
  requester: requesterSchema,
  state,
  timeline: v.array(v.object({ at: moment, state, detail: v.string() })),
  /** The boot in which it was scheduled. */
  bootId: v.string(),
  /** The boot in which the reboot into the target was asked for, null before that. */
  rebootAskedInBoot: v.nullable(v.string()),
  outcome: v.nullable(outcomeSchema),
});
