import { type FinalizationRecord, isReplacedBy, withStopped, withWaits } from "../record/record.ts";
import { bootedIntoTarget, permittedNow } from "./act.ts";
import { withDecided, withPrevious } from "./moment/decided.ts";
import { beginHooks, hookFailed, withHookBegun, withHookOver } from "./hooks/hooks.ts";
import { hurry } from "./moment/hurry.ts";
import { dropIfNotWanted } from "./not-wanted.ts";
import { clockOf, fail, hooksBefore, stay, toGates, transition } from "./transitions.ts";
import type { Effect, Event, Situation, Step } from "./types.ts";

/** A boot in the meantime may have brought the target up. */
export function takeUpWaiting(record: FinalizationRecord, seen: Situation): Step {
  const { newest, bootId, booted } = seen.facts;
  const hasBooted = record.bootId !== bootId && booted === record.target;
  if (hasBooted && !isReplacedBy(newest, record)) return bootedIntoTarget(record, seen);
  const dropped = dropIfNotWanted(record, seen);
  if (dropped !== null) return dropped;
  if (record.state === "waiting") return stay(record, toGates(record));
  const clocks = { ...record.clocks, waiting: clockOf(seen) };
  const since = { ...record, clocks };
  return transition(since, seen, "waiting", "until all gates are open", toGates(record));
}

export function gatesOpened(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"gates-opened">,
): Step {
  // With the turn taken the target becomes the boot default: a power cut then may boot it before the act.
  const noted = withPrevious(record, seen);
  return stayWhileWanted(withWaits(noted, event.waitedFor), seen, { kind: "take-turn" });
}

export function gatesInterrupted(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"gates-interrupted">,
): Step {
  const waited = withWaits(record, event.waitedFor);
  const changed = dropIfNotWanted(waited, seen) ?? hurry(waited, seen);
  return changed ?? stay(waited, toGates(record));
}

/** A gate has closed before the act. */
export function turnHeldUp(record: FinalizationRecord, seen: Situation): Step {
  return stayWhileWanted(record, seen, toGates(record));
}

export function runnersFoundBeforeAct(
  record: FinalizationRecord,
  seen: Situation,
  { units, before = null }: Event<"runners-found">,
): Step {
  const noted = { ...withStopped(record, units), unitsBefore: before };
  return stayWhileWanted(noted, seen, { kind: "drain" });
}

/** A job may have taken long, so everything is looked at once more. */
export function drained(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"drained">,
): Step {
  return stayWhileWanted(withWaits(record, event.waitedFor), seen, { kind: "take-turn" });
}

/** Those that could not be started stay in the record: the end tries again. */
export function runnersStarted(
  record: FinalizationRecord,
  seen: Situation,
  { left }: Event<"runners-started">,
): Step {
  const started = { ...record, stoppedRunners: [...left] };
  return stayWhileWanted(started, seen, hooksBefore(started, "await-gates"));
}

/** The next hook; or, as each may have taken long, everything is looked at once more. */
export function beforeEnded(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"before-ended">,
): Step {
  const noted = withHookBegun(record, event);
  // What is not wanted any more begins no other one.
  const dropped = dropIfNotWanted(noted, seen);
  if (dropped !== null) return dropped;
  const permitted = permittedNow(noted, seen, seen.facts.decision);
  const begun = beginHooks(noted, seen, permitted);
  return begun.effect === null
    ? stay(begun.record, { kind: "take-turn" })
    : stay(withDecided(begun.record, seen, permitted), begun.effect);
}

export function beforeFailed(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"before-failed">,
): Step {
  return dropIfNotWanted(record, seen) ?? hookFailed(record, seen, event);
}

/** It waits for its gates once more, and its hooks begin anew after that. */
export function afterEnded(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"after-ended">,
): Step {
  const noted = withHookOver(record, event);
  return stayWhileWanted(noted, seen, hooksBefore(noted, "await-gates"));
}

export function gatesTimedOut(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"gates-timed-out">,
): Step {
  const waited = withWaits(record, event.waitedFor);
  return dropIfNotWanted(waited, seen) ?? fail(waited, seen, event.why);
}

function stayWhileWanted(record: FinalizationRecord, seen: Situation, effect: Effect): Step {
  return dropIfNotWanted(record, seen) ?? stay(record, effect);
}
