import type { InferOutput } from "valibot";
import { NO_CLOCKS } from "./clock.ts";
import type { recordSchema } from "./record-schema.ts";
import { isTerminal, type State, TRANSITIONS } from "../states.ts";

/** One finalization: its intent and its history, but no facts about the host. */
export type FinalizationRecord = Readonly<InferOutput<typeof recordSchema>>;

/** A job that an activation said had failed. */
export type FailedJob = FinalizationRecord["failedJobs"][number];

export type Outcome = NonNullable<FinalizationRecord["outcome"]>;

/** The values from `schedule`; the rest of a new record follows from them. */
export type Scheduled = Omit<FinalizationRecord, Derived | Optional> &
  Partial<Pick<FinalizationRecord, Optional>>;

type Optional =
  | "rollbackOf"
  | "retryOf"
  | "rebootOf"
  | "revision"
  | "rollout"
  | "forgeRun"
  | "previousProfile"
  | "specialisation"
  | "clocks";
type Derived = keyof typeof NOTHING_DONE | "schemaVersion" | "state" | "timeline";

const NOTHING_DONE = {
  switchedInBoot: null,
  switchRepeated: false,
  rebootAskedInBoot: null,
  rebootBackAskedInBoot: null,
  rollbackProblems: [],
  waitedFor: [],
  deferredUntil: null,
  whilePutOff: null,
  hurried: null,
  failedBefore: null,
  unitsBefore: null,
  failedJobs: [],
  userTrouble: [],
  stoppedRunners: [],
  hooks: [],
  checks: [],
  confirmBy: null,
  slotAtEnd: null,
  outcome: null,
  rebootRequired: null,
  oldCode: null,
  userUnitsBefore: null,
  userUnits: null,
};

export function newRecord(scheduled: Scheduled): FinalizationRecord {
  const { plan, scheduledAt } = scheduled;
  const { rollbackOf = null, retryOf = null, rebootOf = null } = scheduled;
  const why = [
    ...(rollbackOf === null ? [] : [`rollback of ${rollbackOf}`]),
    ...(retryOf === null ? [] : [`retry of ${retryOf}`]),
    ...(rebootOf === null ? [] : [`the reboot of ${rebootOf}`]),
    plan.reason,
  ].join(", ");
  return {
    schemaVersion: 1,
    revision: null,
    rollout: null,
    previousProfile: null,
    specialisation: null,
    forgeRun: null,
    clocks: NO_CLOCKS,
    ...scheduled,
    rollbackOf,
    retryOf,
    rebootOf,
    state: "scheduled",
    timeline: [{ at: scheduledAt, state: "scheduled", detail: `${plan.action}: ${why}` }],
    ...NOTHING_DONE,
  };
}

/**
 * The record after a transition, with a new entry in the timeline. A transition to the present state is
 * another attempt.
 *
 * @throws RangeError for an unknown transition, which is a defect of the program
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

export function end(
  record: FinalizationRecord,
  state: State,
  at: Date,
  outcome: Partial<Outcome> & Pick<Outcome, "reason">,
): FinalizationRecord {
  const before = record.outcome ?? { activationExitCode: null, activationTail: [] };
  return { ...enter(record, state, at, outcome.reason), outcome: { ...before, ...outcome } };
}

/** The toplevel that is to be current: a specialisation of the target, or the target. */
export function activatedOf({
  target,
  specialisation,
}: Pick<FinalizationRecord, "target" | "specialisation">): string {
  return specialisation?.toplevel ?? target;
}

/** Names runners that it stops: before the stop, so that none stays stopped after a crash. */
export function withStopped(
  record: FinalizationRecord,
  units: readonly string[],
): FinalizationRecord {
  return { ...record, stoppedRunners: [...new Set([...record.stoppedRunners, ...units])] };
}

/** So many waits are told apart by their reasons. */
const MOST_WAITS = 50;

/** Adds what was waited for. A hook may make a gate close again and again, so that the list is bounded. */
export function withWaits(
  record: FinalizationRecord,
  waitedFor: FinalizationRecord["waitedFor"],
): FinalizationRecord {
  if (waitedFor.length === 0) return record;
  const all = merged([...record.waitedFor, ...waitedFor], ({ gate, why }) => `${gate}\0${why}`);
  return { ...record, waitedFor: all.length <= MOST_WAITS ? all : merged(all, ({ gate }) => gate) };
}

/** One wait of each key, in the order of the last ones, with the last reason and the sum of the times. */
function merged(
  waits: FinalizationRecord["waitedFor"],
  keyOf: (wait: FinalizationRecord["waitedFor"][number]) => string,
): FinalizationRecord["waitedFor"] {
  const byKey = new Map<string, FinalizationRecord["waitedFor"][number]>();
  for (const wait of waits) {
    const key = keyOf(wait);
    const seconds = Math.round(1000 * (wait.seconds + (byKey.get(key)?.seconds ?? 0))) / 1000;
    byKey.delete(key);
    byKey.set(key, { ...wait, seconds });
  }
  return [...byKey.values()];
}

export function awaitsConfirmation({ state, confirmBy }: FinalizationRecord): boolean {
  return state === "verifying" && confirmBy !== null;
}

export function isUnfinished(record: FinalizationRecord): boolean {
  return !isTerminal(record.state);
}

/** The kind of the check that names units in trouble which nobody had looked at before the act. */
export const UNNOTED_UNITS = "units-not-noted";

/** The checks with what was found now of such units, in place of what they told of them. */
export function withUnnoted(
  checks: FinalizationRecord["checks"],
  found: FinalizationRecord["checks"],
): FinalizationRecord["checks"] {
  const isOne = ({ kind }: FinalizationRecord["checks"][number]): boolean => kind === UNNOTED_UNITS;
  return [...checks.filter((check) => !isOne(check)), ...found.filter(isOne)];
}

/** What is wrong with units, perhaps since before the act; empty if nothing is, or if that is known. */
export function unnotedInWords({ checks }: Pick<FinalizationRecord, "checks">): string[] {
  return checks.filter(({ kind }) => kind === UNNOTED_UNITS).map(({ detail }) => detail);
}

/** Whether it has switched because its reboot is put off, so that the reboot is still to come. */
export function putsRebootOff({ state, rebootRequired, whilePutOff }: FinalizationRecord): boolean {
  return state === "live" && rebootRequired !== null && whilePutOff === "switch";
}

/** What a record says of the reboot that its live target still needs; null if it needs none. */
export function rebootInWords({
  rebootRequired,
  whilePutOff,
}: Pick<FinalizationRecord, "rebootRequired" | "whilePutOff">): string | null {
  if (rebootRequired === null) return null;
  return whilePutOff === "switch"
    ? `parts need a REBOOT, which follows: ${rebootRequired}`
    : `a reboot is required: ${rebootRequired}`;
}

/** Whether it switches once more, because its first switch was cut off. */
export function hasSwitchedBefore({ timeline }: FinalizationRecord): boolean {
  return timeline.length > 1 && timeline.slice(-2).every(({ state }) => state === "switching");
}

/** Whether a newer finalization supersedes it. */
export function isReplacedBy(
  newest: string | null,
  { id }: Pick<FinalizationRecord, "id">,
): boolean {
  return newest !== null && newest !== id;
}

/**
 * Whether the boot of now brought up the system that is to be verified, by its own reboot or by
 * another one; not if it has switched in this boot.
 */
export function hasBooted(record: FinalizationRecord, bootId: string): boolean {
  const goesBackHere = record.state === "rolling-back" && record.rebootBackAskedInBoot === null;
  return !goesBackHere && hasBootedSinceAct(record, bootId);
}

/** Whether the host has booted since it acted last, so that the boot of now may not be through. */
export function hasBootedSinceAct(
  { bootId: scheduledIn, ...acted }: FinalizationRecord,
  bootId: string,
): boolean {
  const { switchedInBoot, rebootAskedInBoot, rebootBackAskedInBoot } = acted;
  const actedIn = rebootBackAskedInBoot ?? rebootAskedInBoot ?? switchedInBoot ?? scheduledIn;
  return switchedInBoot !== bootId && actedIn !== bootId;
}
