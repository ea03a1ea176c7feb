import * as v from "valibot";
import { absolutePath } from "../config/schema-parts.ts";
import { NO_CLOCKS } from "./clock.ts";
import { clockReading, moment } from "./clock-schema.ts";
import { forgeRunSchema } from "../config/forge-run-schema.ts";
import { ID_PATTERN } from "./id.ts";
import { oldCodeSchema } from "../old-code/schema.ts";
import { userUnitsSchema } from "../user-units/schema.ts";
import { STATES } from "../states.ts";

export const action = v.picklist(["switch", "reboot"]);
export const delaySource = v.picklist(["flag", "configuration", "automatic"]);

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const state = v.picklist(STATES);

const planSchema = v.object({
  action,
  reason: v.string(),
  changed: v.array(v.string()),
});

const delaySchema = v.object({ seconds: count, source: delaySource });

/** The caller of `schedule`, as far as its environment says. */
const requesterSchema = v.object({
  user: v.nullable(v.string()),
  sshClient: v.nullable(v.string()),
  /** The login session of the call, by its logind ID. */
  sessionId: v.optional(v.nullable(v.string()), null),
});

/** In seconds. None is below 0, whatever a clock that was set back has left in a record. */
const span = v.pipe(
  v.number(),
  v.transform((seconds) => Math.max(0, seconds)),
);

const waitSchema = v.object({ gate: v.string(), seconds: span, why: v.string() });

const failedUnitSchema = v.object({ unit: v.string(), restarts: count });

/** The units before the act: the act must not change them for the worse. */
const unitsBeforeSchema = v.object({
  /** The boot in which they were looked at. */
  bootId: v.string(),
  /** Units that ran: since when by the monotonic clock of that boot (microseconds), and for how many seconds. */
  active: v.array(
    v.object({ unit: v.string(), startedAt: count, seconds: count, restarts: count }),
  ),
  /** Units that an active unit wanted and that did not run, without being in trouble. */
  idle: v.array(v.string()),
  /** Units that could not be loaded, or an assertion of which did not hold. */
  broken: v.array(v.string()),
});

const failedJobSchema = v.object({
  unit: v.string(),
  job: v.picklist(["start", "restart", "reload", "stop"]),
});

/** A hook whose `before` was started, or whose point was reached. */
const hookSchema = v.object({
  name: v.string(),
  /**
   * `before`: its `before` is about to run, or runs. `in-force`: it has ended. `over`: its `after` has
   * ended too.
   */
  stage: v.picklist(["before", "in-force", "over"]),
  /** What ends it, as it was configured when it began: the act may change the configuration. */
  after: v.nullable(v.array(v.string())),
  /** Of one run, in seconds. */
  timeout: count,
  /** What went wrong in it. */
  problems: v.optional(v.array(v.string()), []),
});

const checkResultSchema = v.object({
  name: v.string(),
  kind: v.string(),
  result: v.picklist(["passed", "failed"]),
  detail: v.string(),
  seconds: span,
});

const outcomeSchema = v.object({
  reason: v.string(),
  activationExitCode: v.nullable(v.number()),
  activationTail: v.array(v.string()),
});

/** The clocks at the moments from which time limits count. */
const clocksSchema = v.object({
  scheduled: v.nullable(clockReading),
  /** When it first waited for its gates. */
  waiting: v.nullable(clockReading),
  /** What they will say at the moment that it was deferred to. */
  deferred: v.nullable(clockReading),
  /** When its last switch to the target had ended; absent in older records. */
  acted: v.optional(v.nullable(clockReading), null),
  /** When it asked for its confirmation. */
  confirmation: v.nullable(clockReading),
});

const SLOT_AT_END = [
  /** Live: give the slot back, also if an earlier failure kept it. */
  "give-back",
  /** Not worse than before: give the slot back unless an earlier failure kept it. */
  "give-back-own",
  /** Failed after it acted, or rolled back: keep the slot, so that the fleet stops. */
  "keep",
] as const;

/**
 * The record of a finalization in the state folder.
 *
 * Parsing removes unknown keys, so a new field needs no new `schemaVersion`; a changed meaning does.
 *
 * After a fallback, the program of the previous system reads the record that the target's program has
 * written, and must set profile and boot default back. So the required fields keep their names and
 * meanings in every version, and every new field is optional.
 */
export const recordSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.pipe(v.string(), v.regex(ID_PATTERN)),
  host: v.string(),
  profile: absolutePath,
  /** Its configuration file; null for the defaults. */
  configFile: v.optional(v.nullable(absolutePath), null),
  target: absolutePath,
  targetGeneration: v.nullable(count),
  /** The current toplevel when it acted; before that, the one at scheduling; null if there was none. */
  previous: v.nullable(absolutePath),
  previousGeneration: v.nullable(count),
  /**
   * The toplevel that a rollback makes profile and boot default again; null for `previous` itself.
   * It differs if `previous` is a specialisation, or a system that was only tried.
   */
  previousProfile: v.optional(v.nullable(absolutePath), null),
  /** The specialisation of the target that is to be current; null for the target itself. */
  specialisation: v.optional(
    v.nullable(v.object({ name: v.string(), toplevel: absolutePath })),
    null,
  ),
  plan: planSchema,
  delay: delaySchema,
  scheduledAt: moment,
  fireAt: moment,
  requester: requesterSchema,
  /** The commit that the target was built from, if known; usually a whole hash. */
  revision: v.optional(v.nullable(v.string()), null),
  /** The rollout that it belongs to: its revision, or what `--rollout` says; null for none. */
  rollout: v.optional(v.nullable(v.string()), null),
  /** The CI run that scheduled it. */
  forgeRun: v.optional(v.nullable(forgeRunSchema), null),
  /** The finalization that this one rolls back; null for a deploy. */
  rollbackOf: v.optional(v.nullable(v.pipe(v.string(), v.regex(ID_PATTERN))), null),
  /** The finalization whose target it brings back on purpose; null for none. */
  retryOf: v.optional(v.nullable(v.pipe(v.string(), v.regex(ID_PATTERN))), null),
  /** The finalization that has switched already, and whose target this one boots; null for none. */
  rebootOf: v.optional(v.nullable(v.pipe(v.string(), v.regex(ID_PATTERN))), null),
  state,
  timeline: v.array(v.object({ at: moment, state, detail: v.string() })),
  /** The boot in which it was scheduled. */
  bootId: v.string(),
  /** The boot in which the switch to the target started; null before. */
  switchedInBoot: v.optional(v.nullable(v.string()), null),
  /** Whether the switch was run once more because it ended before it was done. */
  switchRepeated: v.optional(v.boolean(), false),
  /** The boot in which the reboot into the target was requested; null before. */
  rebootAskedInBoot: v.nullable(v.string()),
  /** The boot in which the reboot of a rollback was requested; null before. */
  rebootBackAskedInBoot: v.optional(v.nullable(v.string()), null),
  /** What a rollback could not do so far. */
  rollbackProblems: v.optional(v.array(v.string()), []),
  clocks: v.optional(clocksSchema, NO_CLOCKS),
  waitedFor: v.optional(v.array(waitSchema), []),
  /** No process waits until then, because no gate opens before; null if it was never deferred. */
  deferredUntil: v.optional(v.nullable(moment), null),
  /**
   * What it does while its reboot is put off: `switch` brings live what a switch can, and another
   * finalization reboots; `wait` only waits, because a switch was refused. Null before that.
   */
  whilePutOff: v.optional(v.nullable(v.picklist(["switch", "wait"])), null),
  /** The wish to act now, and past which gates, from when; null if nobody has asked for it. */
  hurried: v.optional(
    v.nullable(v.object({ by: v.string(), past: v.array(v.string()), since: clockReading })),
    null,
  ),
  /** The units that had failed before it acted; null before. */
  failedBefore: v.optional(v.nullable(v.array(failedUnitSchema)), null),
  /** The units before it drained runners or acted; null before. */
  unitsBefore: v.optional(v.nullable(unitsBeforeSchema), null),
  /** The jobs that the last activation said had failed. */
  failedJobs: v.optional(v.array(failedJobSchema), []),
  /** What the last activation said had failed for users. */
  userTrouble: v.optional(v.array(v.string()), []),
  /** Runners that it drains or stops for the act and starts afterwards. */
  stoppedRunners: v.optional(v.array(v.string()), []),
  /** The hooks that have begun, in this order. Each of them has to be over before the finalization rests. */
  hooks: v.optional(v.array(hookSchema), []),
  checks: v.optional(v.array(checkResultSchema), []),
  /** The deadline of the confirmation; null if none is needed. */
  confirmBy: v.optional(v.nullable(moment), null),
  outcome: v.nullable(outcomeSchema),
  /** Why the target needs a reboot although it is live; null if it does not. */
  rebootRequired: v.optional(v.nullable(v.string()), null),
  /** The units that still ran old code when the system was verified; null before. */
  oldCode: v.optional(v.nullable(oldCodeSchema), null),
  /** The user units that had failed before it acted; null if they are not examined. */
  userUnitsBefore: v.optional(v.nullable(userUnitsSchema), null),
  /** The user units that have newly failed; null if they are not examined. */
  userUnits: v.optional(v.nullable(userUnitsSchema), null),
  /** What to do with the slot of the fleet lock; null before its end. */
  slotAtEnd: v.optional(v.nullable(v.picklist(SLOT_AT_END)), null),
});
