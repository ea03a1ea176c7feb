import type { Decision } from "./decision.ts";
import { end, enter, type FinalizationRecord, type Outcome } from "./record.ts";
import { isTerminal, type State } from "./states.ts";

/** What is true of the host right now; read anew for every step. */
export interface Facts {
  readonly bootId: string;
  /** Resolved toplevels; null where nothing resolves. */
  readonly booted: string | null;
  readonly current: string | null;
  readonly profile: string | null;
  /** The id of the newest finalization. */
  readonly newest: string | null;
  /** The decision for the target, made from the facts of now. */
  readonly decision: Decision;
}

/** What happened last: the start of this process, or the end of the effect that the last step asked for. */
export type Event =
  | { readonly kind: "started" }
  | { readonly kind: "gates-opened" }
  | { readonly kind: "turn-taken" }
  | { readonly kind: "switch-lock-busy" }
  | { readonly kind: "switched"; readonly exitCode: number; readonly tail: readonly string[] }
  | { readonly kind: "reboot-refused"; readonly why: string }
  | { readonly kind: "verified"; readonly problems: readonly string[] };

/** What is to be done next. Effects are data; the interpreter carries them out. */
export type Effect =
  | { readonly kind: "await-gates" }
  | { readonly kind: "take-turn" }
  | { readonly kind: "switch"; readonly toplevel: string }
  | { readonly kind: "reboot" }
  | { readonly kind: "verify" }
  | { readonly kind: "finish" };

export interface Observation {
  readonly now: Date;
  readonly facts: Facts;
  readonly event: Event;
}

/** The record to be written, if it is a new one, and then the effect to be carried out. */
export interface Step {
  readonly record: FinalizationRecord;
  readonly effect: Effect;
}

/** A finalization that needs more transitions than this is going round in circles (after Mender). */
export const MOST_TRANSITIONS = 28;

/** The state machine: total, pure, one step for each event. */
export function advance(record: FinalizationRecord, seen: Observation): Step {
  const step = react(record, seen);
  if (isTerminal(step.record.state) || step.record.timeline.length <= MOST_TRANSITIONS) return step;
  return fail(record, seen, `gave up after ${MOST_TRANSITIONS} transitions: needs a human`);
}

function react(record: FinalizationRecord, seen: Observation): Step {
  if (isTerminal(record.state)) return { record, effect: { kind: "finish" } };
  const { event } = seen;
  switch (event.kind) {
    case "started":
      return takeUp(record, seen);
    case "gates-opened":
      return dropped(record, seen) ?? { record, effect: { kind: "take-turn" } };
    case "turn-taken":
      return dropped(record, seen) ?? act(record, seen);
    case "switch-lock-busy":
      return move(record, seen, "waiting", "another process holds the switch lock", {
        kind: "await-gates",
      });
    case "switched":
      return judgeSwitch(record, seen, event);
    case "reboot-refused":
      return fail(record, seen, `the reboot was refused: ${event.why}`);
    case "verified":
      return judgeVerification(record, seen, event.problems);
  }
}

/** A process takes the record up: the first run, or the way on after a crash or a boot. */
function takeUp(record: FinalizationRecord, seen: Observation): Step {
  switch (record.state) {
    case "scheduled":
    case "waiting":
      return takeUpWaiting(record, seen);
    case "switching":
      if (sameBoot(record, seen)) return switchTo(record, seen, "again, after an interruption");
      return arrive(record, seen);
    case "rebooting":
      if (seen.facts.bootId === record.rebootAskedInBoot) {
        return rebootInto(record, seen, "again, after an interruption");
      }
      return arrive(record, seen);
    case "verifying":
      return move(record, seen, "verifying", "again, after an interruption", { kind: "verify" });
    case "rolling-back":
    case "live":
    case "rolled-back":
    case "failed":
    case "superseded":
    case "cancelled":
      return { record, effect: { kind: "finish" } };
  }
}

function takeUpWaiting(record: FinalizationRecord, seen: Observation): Step {
  if (!sameBoot(record, seen) && seen.facts.booted === record.target) return arrive(record, seen);
  const reason = dropped(record, seen);
  if (reason !== null) return reason;
  const effect: Effect = { kind: "await-gates" };
  if (record.state === "waiting") return { record, effect };
  return move(record, seen, "waiting", "waits for its gates", effect);
}

/** After a boot that came in the middle of acting: either the target is up, or the host fell back. */
function arrive(record: FinalizationRecord, seen: Observation): Step {
  if (seen.facts.booted === record.target) {
    return move(record, seen, "verifying", "booted into the target", { kind: "verify" });
  }
  return fail(record, seen, `fell back: booted ${seen.facts.booted ?? "an unknown system"}`);
}

/** The end of a finalization that must not act any more, or null while it may. */
function dropped(record: FinalizationRecord, seen: Observation): Step | null {
  const { facts, now } = seen;
  if (facts.newest !== null && facts.newest !== record.id) {
    return finish(end(record, "superseded", now, { reason: `superseded by ${facts.newest}` }));
  }
  if (facts.profile !== record.target) {
    const where = facts.profile ?? "nothing that resolves";
    return finish(end(record, "superseded", now, { reason: `the profile moved to ${where}` }));
  }
  return null;
}

/** The facts are looked at once more, with the turn taken: what was decided at scheduling may have changed. */
function act(record: FinalizationRecord, seen: Observation): Step {
  const { decision } = seen.facts;
  switch (decision.action) {
    case "refuse":
      return fail(record, seen, `the target is missing ${decision.missing.join(", ")}`);
    case "switch":
      return switchTo({ ...record, plan: copyPlan(decision) }, seen, decision.reason);
    case "reboot":
      return rebootInto({ ...record, plan: copyPlan(decision) }, seen, decision.reason);
  }
}

function copyPlan(decision: Exclude<Decision, { action: "refuse" }>): FinalizationRecord["plan"] {
  return { ...decision, changed: [...decision.changed] };
}

function switchTo(record: FinalizationRecord, seen: Observation, detail: string): Step {
  return move(record, seen, "switching", detail, { kind: "switch", toplevel: record.target });
}

function rebootInto(record: FinalizationRecord, seen: Observation, detail: string): Step {
  const asked = { ...record, rebootAskedInBoot: seen.facts.bootId };
  return move(asked, seen, "rebooting", detail, { kind: "reboot" });
}

/** Exit codes of switch-to-configuration: notes/switch-to-configuration.md. */
function judgeSwitch(
  record: FinalizationRecord,
  seen: Observation,
  { exitCode, tail }: Extract<Event, { kind: "switched" }>,
): Step {
  const outcome = {
    reason: `switch-to-configuration ended with exit code ${exitCode}`,
    activationExitCode: exitCode,
    activationTail: [...tail],
  };
  if (exitCode !== 0) return fail(record, seen, outcome.reason, outcome);
  return move({ ...record, outcome }, seen, "verifying", "switched", { kind: "verify" });
}

function judgeVerification(
  record: FinalizationRecord,
  seen: Observation,
  found: readonly string[],
): Step {
  const { current } = seen.facts;
  const elsewhere = `the current system is ${current ?? "unknown"}, not the target`;
  const problems = current === record.target ? found : [elsewhere, ...found];
  if (problems.length > 0) return fail(record, seen, problems.join("; "));
  return finish(end(record, "live", seen.now, { reason: "the target is the running system" }));
}

function sameBoot(record: FinalizationRecord, seen: Observation): boolean {
  return seen.facts.bootId === record.bootId;
}

function move(
  record: FinalizationRecord,
  seen: Observation,
  state: State,
  detail: string,
  effect: Effect,
): Step {
  return { record: enter(record, state, seen.now, detail), effect };
}

function fail(
  record: FinalizationRecord,
  seen: Observation,
  reason: string,
  outcome: Partial<Outcome> = {},
): Step {
  return finish(end(record, "failed", seen.now, { ...outcome, reason }));
}

function finish(record: FinalizationRecord): Step {
  return { record, effect: { kind: "finish" } };
}
