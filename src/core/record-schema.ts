import * as v from "valibot";
import { absolutePath } from "./config-schema-parts.ts";
import { forgeRunSchema } from "./forge-run-schema.ts";
import { ID_PATTERN } from "./id.ts";
import { SLOT_AT_END } from "./slot-at-end.ts";
import { STATES } from "./states.ts";

/** A moment as ISO 8601 in UTC. */
export const moment = v.pipe(v.string(), v.isoTimestamp());
export const action = v.picklist(["switch", "reboot"]);
export const delaySource = v.picklist(["flag", "configuration", "automatic"]);

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const state = v.picklist(STATES);

const planSchema = v.object({
  action,
  reason: v.string(),
  changed: v.array(v.string()),
});

const delaySchema = v.object({ seconds: count, source: delaySource });

/** Who asked for the finalization, as far as the environment of `schedule` tells. */
const requesterSchema = v.object({
  user: v.nullable(v.string()),
  sshClient: v.nullable(v.string()),
  /** The login session of the call, as logind names it. */
  sessionId: v.optional(v.nullable(v.string()), null),
});

const waitSchema = v.object({ gate: v.string(), seconds: v.number(), why: v.string() });

const failedUnitSchema = v.object({ unit: v.string(), restarts: count });

const checkResultSchema = v.object({
  name: v.string(),
  kind: v.string(),
  result: v.picklist(["passed", "failed"]),
  detail: v.string(),
  seconds: v.number(),
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
  profile: absolutePath,
  /** The configuration file that it was scheduled with; null for the defaults. */
  configFile: v.optional(v.nullable(absolutePath), null),
  target: absolutePath,
  targetGeneration: v.nullable(count),
  /** The toplevel that was current when it acted, before that at scheduling; null on a host that had none. */
  previous: v.nullable(absolutePath),
  previousGeneration: v.nullable(count),
  plan: planSchema,
  delay: delaySchema,
  scheduledAt: moment,
  /** When the timer is to fire. */
  fireAt: moment,
  requester: requesterSchema,
  /** The commit that the target was made from, as far as anybody told; mostly a whole hash. */
  revision: v.optional(v.nullable(v.string()), null),
  /** The CI run that scheduled it. */
  forgeRun: v.optional(v.nullable(forgeRunSchema), null),
  /** The finalization that this one takes back; null for a deploy. */
  rollbackOf: v.optional(v.nullable(v.pipe(v.string(), v.regex(ID_PATTERN))), null),
  state,
  timeline: v.array(v.object({ at: moment, state, detail: v.string() })),
  /** The boot in which it was scheduled. */
  bootId: v.string(),
  /** The boot in which the switch to the target began, null before that. */
  switchedInBoot: v.optional(v.nullable(v.string()), null),
  /** The boot in which the reboot into the target was asked for, null before that. */
  rebootAskedInBoot: v.nullable(v.string()),
  /** The boot in which the reboot back was asked for. */
  rebootBackAskedInBoot: v.optional(v.nullable(v.string()), null),
  /** What it had to wait for. */
  waitedFor: v.optional(v.array(waitSchema), []),
  /** Until when no process waits for it, as nothing opens before; null where it was never deferred. */
  deferredUntil: v.optional(v.nullable(moment), null),
  /** The units that had failed before it acted; null before it acts. */
  failedBefore: v.optional(v.nullable(v.array(failedUnitSchema)), null),
  /** Idle runners that are stopped for the act and started again after it. */
  stoppedRunners: v.optional(v.array(v.string()), []),
  checks: v.optional(v.array(checkResultSchema), []),
  /** Until when a confirmation must have come; null where none is asked for. */
  confirmBy: v.optional(v.nullable(moment), null),
  outcome: v.nullable(outcomeSchema),
  /** Why the target still wants a reboot although it is live; null where it wants none. */
  rebootRequired: v.optional(v.nullable(v.string()), null),
  /** What its end means for the slot of this host in the fleet lock; null before that. */
  slotAtEnd: v.optional(v.nullable(v.picklist(SLOT_AT_END)), null),
});
