import type { ClockReading } from "../record/clock.ts";
import {
  end,
  enter,
  type FinalizationRecord,
  type Outcome,
  withStopped,
} from "../record/record.ts";
import { owedHook } from "../record/hooks.ts";
import { slotAtEnd } from "../record/slot-at-end.ts";
import type { TerminalState, UnfinishedState } from "../states.ts";
import type { EffectOf } from "./phases.ts";
import type { Effect, Event, Situation, Step } from "./types.ts";

/** The detail of a step that is done again by another process. */
export const AGAIN = "again after an interruption";

export function clockOf({ now, facts: { bootId, uptime } }: Situation): ClockReading {
  return { at: now.toISOString(), bootId, uptime };
}

/** Enters a state, or the same one again, and asks for an effect of it. */
export function transition<S extends UnfinishedState>(
  record: FinalizationRecord,
  seen: Situation,
  state: S,
  detail: string,
  effect: EffectOf<S>,
): Step {
  return { record: enter(record, state, seen.now, detail), effect };
}

/** The same once more: the timeline says it once, however often it comes in a row. */
export function repeat<S extends UnfinishedState>(
  record: FinalizationRecord,
  seen: Situation,
  state: S,
  detail: string,
  effect: EffectOf<S>,
): Step {
  const last = record.timeline.at(-1);
  const isSaid = last?.state === state && last.detail === detail;
  return isSaid ? stay(record, effect) : transition(record, seen, state, detail, effect);
}

const HELD_UP = "held up: ";

/** An act that has begun cannot go on yet: one entry tells of it, although the reason may change. */
export function heldUp<S extends UnfinishedState>(
  record: FinalizationRecord,
  seen: Situation,
  state: S,
  why: string,
  effect: EffectOf<S>,
): Step {
  const last = record.timeline.at(-1);
  const isSaid = last?.state === state && last.detail.startsWith(HELD_UP);
  const detail = isSaid ? last.detail : `${HELD_UP}${why}`;
  return repeat(record, seen, state, detail, effect);
}

/** A switch to the target has ended: it is to be verified, and a login from now on began after the act. */
export function verifySwitched(record: FinalizationRecord, seen: Situation, reason: string): Step {
  const acted = { ...record, clocks: { ...record.clocks, acted: clockOf(seen) } };
  return transition(acted, seen, "verifying", reason, { kind: "verify" });
}

/** Stays in the state and asks for its next effect. */
export function stay(record: FinalizationRecord, effect: Effect): Step {
  return { record, effect };
}

/**
 * An act has found runners that the record does not name: they were started since the last look, or only this
 * act would stop them. The same act is asked for once more.
 */
export function runnersFoundAtAct(
  record: FinalizationRecord,
  { during }: Situation,
  { units }: Event<"runners-found">,
): Step {
  if (during === null) throw new TypeError("runners are found only by an act");
  return stay(withStopped(record, units), during);
}

type ToGates = { readonly kind: "start-runners" } | ToHooks<"await-gates">;

/** While the gates are waited for, the runners work, and no hook is in force. */
export function toGates(record: FinalizationRecord): ToGates {
  if (record.stoppedRunners.length > 0) return { kind: "start-runners" };
  return hooksBefore(record, "await-gates");
}

type ToHooks<K> = { readonly kind: "run-after"; readonly hook: string } | { readonly kind: K };

/** The hooks that have begun end first, the last one before the others. */
export function hooksBefore<K extends "await-gates" | "await-reboot-gates" | "finish">(
  record: FinalizationRecord,
  kind: K,
): ToHooks<K> {
  const owed = owedHook(record);
  return owed === null ? { kind } : { kind: "run-after", hook: owed };
}

/** Ends the finalization. */
export function conclude(
  record: FinalizationRecord,
  seen: Situation,
  state: TerminalState,
  outcome: Partial<Outcome> & Pick<Outcome, "reason">,
): Step {
  const ended = end(record, state, seen.now, outcome);
  const atEnd = slotAtEnd(record, state, seen.facts.bootId, seen.policy.slotOnRollback);
  const concluded = { ...ended, slotAtEnd: atEnd };
  return { record: concluded, effect: hooksBefore(concluded, "finish") };
}

export function fail(record: FinalizationRecord, seen: Situation, reason: string): Step {
  return conclude(record, seen, "failed", { reason });
}

/** What has ended stays as it is; the effect tidies up what a killed process has left. */
export function finish(record: FinalizationRecord): Step {
  return stay(record, hooksBefore(record, "finish"));
}
