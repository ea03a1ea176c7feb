import {
  bootDefaultRestored,
  fallBack,
  judgeWayBack,
  profileRestored,
  rollBackAsAsked,
  switchedBack,
  takeUpWayBack,
  wayBackFailed,
} from "./back.ts";
import { act, defer, dropped, heldUp, judgeSwitch, takeUpAct, takeUpWaiting } from "./forward.ts";
import type { Effect, Event, Observation, Step } from "./machine-types.ts";
import { fail, go, move } from "./moves.ts";
import { overtaken } from "./overtaken.ts";
import type { FinalizationRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import { committed, confirmationEnded, judgeVerification } from "./verifying.ts";

/** A finalization that needs more transitions than this is going round in circles (after Mender). */
export const MOST_TRANSITIONS = 28;

/** The state machine: total, pure, one step for each event. */
export function advance(record: FinalizationRecord, seen: Observation): Step {
  if (isTerminal(record.state)) return go(record, { kind: "finish" });
  const step = react(record, seen);
  if (isTerminal(step.record.state) || transitions(step.record) <= MOST_TRANSITIONS) return step;
  return fail(record, seen, `gave up after ${MOST_TRANSITIONS} transitions: needs a human`);
}

/** To be put off from one window to the next is no transition. */
function transitions({ timeline }: FinalizationRecord): number {
  const isPutOff = (index: number): boolean =>
    timeline[index]?.state === "waiting" && timeline[index - 1]?.state === "waiting";
  return timeline.filter((_, index) => !isPutOff(index)).length;
}

function react(record: FinalizationRecord, seen: Observation): Step {
  const { event } = seen;
  switch (event.kind) {
    case "started":
      return takeUp(record, seen);
    case "gates-opened":
      return goOn(addWaits(record, event), seen, { kind: "take-turn" });
    case "gates-interrupted":
      return goOn(addWaits(record, event), seen, { kind: "await-gates" });
    case "gates-deferred":
      return dropped(record, seen) ?? defer(addWaits(record, event), seen, event);
    case "gates-timed-out":
      return dropped(record, seen) ?? fail(addWaits(record, event), seen, event.why);
    case "turn-taken":
      return dropped(record, seen) ?? act(record, seen, event);
    case "overtaken":
      return overtaken(record, seen) ?? takeUp(record, seen);
    case "held-up":
      return heldUp(record, seen, event.why);
    case "switched":
      return record.state === "rolling-back"
        ? switchedBack(record, seen, event)
        : judgeSwitch(record, seen, event);
    case "reboot-refused":
      return record.state === "rolling-back"
        ? wayBackFailed(record, seen, `the reboot was refused: ${event.why}`)
        : fail(record, seen, `the reboot was refused: ${event.why}`);
    case "verified":
      return record.state === "rolling-back"
        ? judgeWayBack(record, seen, event.checks)
        : judgeVerification(record, seen, event.checks);
    case "confirmation-ended":
      return confirmationEnded(record, seen);
    case "profile-restored":
      return profileRestored(record, seen, event.problem);
    case "boot-default-restored":
      return event.toplevel === record.target
        ? committed(record, seen, event.problem)
        : bootDefaultRestored(record, seen, event.problem);
  }
}

/** A process takes the record up: the first run, or the way on after a crash or a boot. */
function takeUp(record: FinalizationRecord, seen: Observation): Step {
  switch (record.state) {
    case "scheduled":
    case "waiting":
      return takeUpWaiting(record, seen);
    case "switching":
    case "rebooting":
      return takeUpAct(record, seen);
    case "verifying":
      return verifyAgain(record, seen);
    case "rolling-back":
      return overtaken(record, seen) ?? takeUpWayBack(record, seen);
    case "live":
    case "rolled-back":
    case "failed":
    case "superseded":
    case "cancelled":
      return go(record, { kind: "finish" });
  }
}

function verifyAgain(record: FinalizationRecord, seen: Observation): Step {
  const ended = overtaken(record, seen) ?? rollBackAsAsked(record, seen);
  if (ended !== null) return ended;
  // It came up and went down again before it had become the boot default.
  if (hasFallenBack(record, seen)) return fallBack(record, seen);
  return move(record, seen, "verifying", "again, after an interruption", { kind: "verify" });
}

function hasFallenBack({ rebootAskedInBoot, previous }: FinalizationRecord, seen: Observation) {
  const { booted, bootId } = seen.facts;
  return rebootAskedInBoot !== null && rebootAskedInBoot !== bootId && booted === previous;
}

function goOn(record: FinalizationRecord, seen: Observation, effect: Effect): Step {
  return dropped(record, seen) ?? go(record, effect);
}

function addWaits(
  record: FinalizationRecord,
  { waitedFor }: Extract<Event, { waitedFor: unknown }>,
): FinalizationRecord {
  return waitedFor.length === 0
    ? record
    : { ...record, waitedFor: [...record.waitedFor, ...waitedFor] };
}
