import * as v from "valibot";
import { unitName } from "../core/record/id.ts";
import { exitCodeOf } from "../core/outcome.ts";
import { oldCodeSchema } from "../core/old-code/schema.ts";
import { userUnitsSchema } from "../core/user-units/schema.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { moment } from "../core/record/clock-schema.ts";
import { action, delaySource } from "../core/record/record-schema.ts";
import { secondsBetween } from "../core/span.ts";
import { isTerminal, STATES } from "../core/states.ts";
import { described, orNull } from "./described.ts";

const seconds = v.pipe(v.number(), v.minValue(0));
const generation = orNull(v.number(), "The generation of the profile; null if it has none.");

const system = v.object({
  toplevel: described(v.string(), "The store path of the NixOS system."),
  generation,
});

const step = v.object({
  at: moment,
  state: v.picklist(STATES),
  detail: v.string(),
  seconds: orNull(seconds, "How long it lasted; null for the last step."),
});

const wait = v.object({ gate: v.string(), why: v.string(), seconds });

const check = v.object({
  name: v.string(),
  kind: v.string(),
  result: v.picklist(["passed", "failed"]),
  detail: v.string(),
  seconds,
});

const hook = v.object({
  name: v.string(),
  stage: described(
    v.picklist(["before", "in-force", "over"]),
    "`before`: its `before` is about to run, or runs. `in-force`: that has ended. `over`: its `after` has ended too.",
  ),
  problems: described(
    v.array(v.string()),
    "What went wrong in it; it does not change the outcome.",
  ),
});

const outcome = v.object({
  exitCode: described(v.number(), "The exit code of `deploy-finalize wait`."),
  reason: v.string(),
  activationExitCode: orNull(v.number(), "The exit code of the last activation; null if none ran."),
  activationTail: described(v.array(v.string()), "The last lines of its output."),
});

/** What still ran old code when the system was verified. */
export const oldCode = orNull(
  oldCodeSchema,
  "The units that still ran code that the running system does not have; null before it is verified.",
);

/** The user units that the act has made fail. */
export const userUnits = orNull(
  userUnitsSchema,
  "The user units that newly failed after the act; null before it is verified, or if they are not examined.",
);

/** A finalization as every command shows it with `--json`. */
export const finalizationSchema = v.object({
  id: v.string(),
  unit: described(v.string(), "Its timer and service, without the suffix."),
  host: v.string(),
  state: v.picklist(STATES),
  since: described(moment, "When it entered the state."),
  action,
  reason: described(v.string(), "The reason for the action."),
  changed: described(v.array(v.string()), "The changed parts that need a reboot."),
  profile: v.string(),
  target: system,
  specialisation: v.pipe(
    v.nullable(v.object({ name: v.string(), toplevel: v.string() })),
    v.description(
      "The specialisation of the target that is activated; null for the target itself.",
    ),
  ),
  previous: v.nullable(system),
  delay: v.object({ seconds, source: delaySource }),
  scheduledAt: moment,
  fireAt: described(moment, "When its timer fires."),
  endedAt: orNull(moment, "Null while it has not ended."),
  requester: v.object({ user: v.nullable(v.string()), sshClient: v.nullable(v.string()) }),
  revision: orNull(v.string(), "The commit of the target; null if unknown."),
  rollout: orNull(v.string(), "The rollout of the fleet that it belongs to; null for none."),
  rollbackOf: orNull(v.string(), "The finalization that this one rolls back; null for a deploy."),
  retryOf: orNull(
    v.string(),
    "The finalization whose target this one brings back on purpose; null for none.",
  ),
  rebootOf: orNull(
    v.string(),
    "The finalization that has switched to this target already, and whose reboot this one does; null for none.",
  ),
  timeline: v.array(step),
  waitedFor: v.array(wait),
  hooks: described(v.array(hook), "The hooks that have begun, in the order of their `before`."),
  checks: v.array(check),
  confirmBy: orNull(moment, "The deadline of the confirmation; null if none is required."),
  deferredUntil: orNull(
    moment,
    "Until when it was last postponed, because the reboot window opens then.",
  ),
  hurried: orNull(
    v.object({
      by: described(v.string(), "Who asked, as far as the environment said."),
      at: moment,
      past: described(v.array(v.string()), "The gates that were named to act past them."),
    }),
    "Since when it acts as soon as it may, because somebody called `deploy-finalize now`; null if nobody did.",
  ),
  rebootRequired: orNull(
    v.string(),
    "Why the target needs a reboot that is not allowed, or that another finalization does when the window opens; null if it needs none.",
  ),
  oldCode,
  userUnits,
  outcome: orNull(outcome, "Null while it has not ended."),
});

export type FinalizationJson = v.InferOutput<typeof finalizationSchema>;

/** The public form of a record. */
export function toFinalizationJson(record: FinalizationRecord): FinalizationJson {
  const { id, host, state, plan, profile, delay, scheduledAt, fireAt, requester } = record;
  const { revision, rollout, rollbackOf, retryOf, rebootOf, waitedFor, checks, confirmBy } = record;
  const { deferredUntil, rebootRequired, oldCode: examined } = record;
  const since = record.timeline.at(-1)?.at ?? scheduledAt;
  return {
    id,
    unit: unitName(id),
    host,
    state,
    since,
    ...plan,
    profile,
    target: { toplevel: record.target, generation: record.targetGeneration },
    specialisation: record.specialisation,
    previous:
      record.previous === null
        ? null
        : { toplevel: record.previous, generation: record.previousGeneration },
    delay,
    scheduledAt,
    fireAt,
    endedAt: isTerminal(state) ? since : null,
    requester: { user: requester.user, sshClient: requester.sshClient },
    revision,
    rollout,
    rollbackOf,
    retryOf,
    rebootOf,
    timeline: stepsOf(record),
    waitedFor,
    hooks: record.hooks.map(({ name, stage, problems }) => ({ name, stage, problems })),
    checks,
    confirmBy,
    deferredUntil,
    hurried: hurriedOf(record),
    rebootRequired,
    oldCode: examined,
    userUnits: record.userUnits,
    outcome: outcomeOf(record),
  };
}

function hurriedOf({ hurried }: FinalizationRecord): FinalizationJson["hurried"] {
  return hurried === null
    ? null
    : { by: hurried.by, at: hurried.since.at, past: [...hurried.past] };
}

function stepsOf({ timeline }: FinalizationRecord): FinalizationJson["timeline"] {
  return timeline.map(({ at, state, detail }, index) => {
    const next = timeline[index + 1];
    return { at, state, detail, seconds: next === undefined ? null : secondsBetween(at, next.at) };
  });
}

/** During a rollback the record already has the reason, before it has ended. */
function outcomeOf({ state, outcome: ended }: FinalizationRecord): FinalizationJson["outcome"] {
  if (!isTerminal(state) || ended === null) return null;
  return { exitCode: exitCodeOf(state), ...ended };
}
