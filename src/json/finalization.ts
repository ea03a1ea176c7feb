import * as v from "valibot";
import { unitName } from "../core/id.ts";
import { exitCodeOf } from "../core/outcome.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { action, delaySource, moment } from "../core/record-schema.ts";
import { secondsBetween } from "../core/span.ts";
import { isTerminal, STATES } from "../core/states.ts";

const seconds = v.pipe(v.number(), v.minValue(0));
const generation = v.pipe(
  v.nullable(v.number()),
  v.description("The generation of the profile; null where it has none."),
);

const system = v.object({
  toplevel: v.pipe(v.string(), v.description("The NixOS system in the store.")),
  generation,
});

const step = v.object({
  at: moment,
  state: v.picklist(STATES),
  detail: v.string(),
  seconds: v.pipe(v.nullable(seconds), v.description("How long it lasted; null for the last one.")),
});

const wait = v.object({ gate: v.string(), why: v.string(), seconds });

const check = v.object({
  name: v.string(),
  kind: v.string(),
  result: v.picklist(["passed", "failed"]),
  detail: v.string(),
  seconds,
});

const outcome = v.object({
  exitCode: v.pipe(v.number(), v.description("With which `deploy-finalize wait` ends.")),
  reason: v.string(),
  activationExitCode: v.pipe(
    v.nullable(v.number()),
    v.description("Of the last activation; null where none ran."),
  ),
  activationTail: v.pipe(v.array(v.string()), v.description("The last lines that it printed.")),
});

/** A finalization as every command shows it with `--json`. */
export const finalizationSchema = v.object({
  id: v.string(),
  unit: v.pipe(v.string(), v.description("Its timer and service, without the suffix.")),
  host: v.string(),
  state: v.picklist(STATES),
  since: v.pipe(moment, v.description("When it entered the state.")),
  action,
  reason: v.pipe(v.string(), v.description("Why this action.")),
  changed: v.pipe(v.array(v.string()), v.description("What differs and needs a reboot.")),
  profile: v.string(),
  target: system,
  previous: v.nullable(system),
  delay: v.object({ seconds, source: delaySource }),
  scheduledAt: moment,
  fireAt: v.pipe(moment, v.description("When its timer fires.")),
  endedAt: v.pipe(v.nullable(moment), v.description("Null while it has not ended.")),
  requester: v.object({ user: v.nullable(v.string()), sshClient: v.nullable(v.string()) }),
  revision: v.pipe(
    v.nullable(v.string()),
    v.description("The commit that the target was made from, as far as anybody told."),
  ),
  rollbackOf: v.pipe(
    v.nullable(v.string()),
    v.description("The finalization that this one takes back; null for a deploy."),
  ),
  timeline: v.array(step),
  waitedFor: v.array(wait),
  checks: v.array(check),
  confirmBy: v.pipe(
    v.nullable(moment),
    v.description("Until when a confirmation must come; null where none is asked for."),
  ),
  deferredUntil: v.pipe(
    v.nullable(moment),
    v.description("Until when it was put off last, as the reboot window opens then."),
  ),
  rebootRequired: v.pipe(
    v.nullable(v.string()),
    v.description("Why the target wants a reboot that is not allowed; null where it wants none."),
  ),
  outcome: v.pipe(v.nullable(outcome), v.description("Null while it has not ended.")),
});

export type FinalizationJson = v.InferOutput<typeof finalizationSchema>;

/** The public form of a record. */
export function toFinalizationJson(record: FinalizationRecord): FinalizationJson {
  const { id, host, state, plan, profile, delay, scheduledAt, fireAt, requester } = record;
  const { revision, rollbackOf, waitedFor, checks, confirmBy } = record;
  const { deferredUntil, rebootRequired } = record;
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
    rollbackOf,
    timeline: stepsOf(record),
    waitedFor,
    checks,
    confirmBy,
    deferredUntil,
    rebootRequired,
    outcome: outcomeOf(record),
  };
}

function stepsOf({ timeline }: FinalizationRecord): FinalizationJson["timeline"] {
  return timeline.map(({ at, state, detail }, index) => {
    const next = timeline[index + 1];
    return { at, state, detail, seconds: next === undefined ? null : secondsBetween(at, next.at) };
  });
}

/** A record that goes back carries the reason before it has ended. */
function outcomeOf({ state, outcome: ended }: FinalizationRecord): FinalizationJson["outcome"] {
  if (!isTerminal(state) || ended === null) return null;
  return { exitCode: exitCodeOf(state), ...ended };
}
