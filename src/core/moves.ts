import type { Effect, Observation, Step } from "./machine-types.ts";
import { end, enter, type FinalizationRecord, type Outcome } from "./record.ts";
import { slotAtEnd } from "./slot-at-end.ts";
import type { State } from "./states.ts";

/** Enters a state, or the same one again, and asks for an effect. */
export function move(
  record: FinalizationRecord,
  seen: Observation,
  state: State,
  detail: string,
  effect: Effect,
): Step {
  return { record: enter(record, state, seen.now, detail), effect };
}

/** Stays in the state and asks for the next effect of it. */
export function go(record: FinalizationRecord, effect: Effect): Step {
  return { record, effect };
}

/** Ends the finalization. */
export function conclude(
  record: FinalizationRecord,
  seen: Observation,
  state: State,
  outcome: Partial<Outcome> & Pick<Outcome, "reason">,
): Step {
  const ended = end(record, state, seen.now, outcome);
  const atEnd = slotAtEnd(record, state, seen.facts.bootId);
  return { record: { ...ended, slotAtEnd: atEnd }, effect: { kind: "finish" } };
}

export function fail(record: FinalizationRecord, seen: Observation, reason: string): Step {
  return conclude(record, seen, "failed", { reason });
}
