import type { InferOutput } from "valibot";
import type { recordSchema } from "./record-schema.ts";
import { isTerminal, type State, TRANSITIONS } from "./states.ts";

/** One finalization: its intent and its history. Facts about the host are never taken from here. */
export type FinalizationRecord = Readonly<InferOutput<typeof recordSchema>>;

export type Outcome = NonNullable<FinalizationRecord["outcome"]>;

/** What `schedule` knows when it makes a record; the rest follows from it. */
export type Scheduled = Pick<
  FinalizationRecord,
  | "id"
  | "host"
  | "profile"
  | "configFile"
  | "target"
  | "targetGeneration"
  | "previous"
  | "previousGeneration"
  | "plan"
  | "delay"
  | "scheduledAt"
  | "fireAt"
  | "requester"
  | "bootId"
> &
  Partial<Pick<FinalizationRecord, "rollbackOf" | "revision" | "forgeRun">>;

const NOTHING_DONE = {
  switchedInBoot: null,
  rebootAskedInBoot: null,
  rebootBackAskedInBoot: null,
  waitedFor: [],
  deferredUntil: null,
  failedBefore: null,
  stoppedRunners: [],
  checks: [],
  confirmBy: null,
  slotAtEnd: null,
  outcome: null,
  rebootRequired: null,
};

/** A new record in the state `scheduled`. */
export function newRecord(scheduled: Scheduled): FinalizationRecord {
  const { plan, scheduledAt, rollbackOf = null } = scheduled;
  const why = rollbackOf === null ? plan.reason : `rollback of ${rollbackOf}, ${plan.reason}`;
  return {
    schemaVersion: 1,
    revision: null,
    forgeRun: null,
    ...scheduled,
    rollbackOf,
    state: "scheduled",
    timeline: [{ at: scheduledAt, state: "scheduled", detail: `${plan.action}: ${why}` }],
    ...NOTHING_DONE,
  };
}

/**
 * The record after a transition, which is added to the timeline. Entering the
 * state that the record is in already is an attempt made once more.
 *
 * @throws RangeError for a transition that the machine does not have: a defect of the program.
 */
export function enter(
  record: FinalizationRecord,
  state: State,
  at: Date,
  detail: string,
): FinalizationRecord {
  const allowed: readonly State[] = TRANSITIONS[record.state];
  if (state !== record.state && !allowed.includes(state)) {
    throw new RangeError(`no transition from ${record.state} to ${state}`);
  }
  const entry = { at: at.toISOString(), state, detail };
  return { ...record, state, timeline: [...record.timeline, entry] };
}

/** The record in a terminal state with its outcome. */
export function end(
  record: FinalizationRecord,
  state: State,
  at: Date,
  outcome: Partial<Outcome> & Pick<Outcome, "reason">,
): FinalizationRecord {
  const before = record.outcome ?? { activationExitCode: null, activationTail: [] };
  return { ...enter(record, state, at, outcome.reason), outcome: { ...before, ...outcome } };
}

/**
 * When it is to be taken up at last: the moment that was asked for, or the one that it was deferred
 * to, whichever comes later. Time limits count from there.
 */
export function dueAt({ fireAt, deferredUntil }: FinalizationRecord): Date {
  const moments = [fireAt, ...(deferredUntil === null ? [] : [deferredUntil])];
  return new Date(Math.max(...moments.map((moment) => Date.parse(moment))));
}

/** Whether it is verified but for a confirmation from outside. */
export function awaitsConfirmation({ state, confirmBy }: FinalizationRecord): boolean {
  return state === "verifying" && confirmBy !== null;
}

export function isUnfinished(record: FinalizationRecord): boolean {
  return !isTerminal(record.state);
}

/** Whether a newer finalization has taken its place. */
export function isReplacedBy(
  newest: string | null,
  { id }: Pick<FinalizationRecord, "id">,
): boolean {
  return newest !== null && newest !== id;
}
