import {
  activatedOf,
  type FinalizationRecord,
  isReplacedBy,
  rebootInWords,
  unnotedInWords,
} from "../record/record.ts";
import { failIfOvertaken, fallBack } from "./overtaken.ts";
import { rollBack, rollBackAsAsked } from "./rollback.ts";
import { verifyTarget } from "./specialisation.ts";
import { AGAIN, clockOf, conclude, stay, transition } from "./transitions.ts";
import type { Event, Facts, Situation, Step } from "./types.ts";
import { isBootFailed, movedProfile, problemsOf } from "./verdicts.ts";

/** After a crash, a boot, or an act of another process. */
export function takeUpVerification(record: FinalizationRecord, seen: Situation): Step {
  const ended = failIfOvertaken(record, seen) ?? rollBackAsAsked(record, seen);
  if (ended !== null) return ended;
  // It came up and went down again before it had become the boot default.
  if (hasFallenBack(record, seen)) return fallBack(record, seen);
  return verifyTarget(record, seen, AGAIN);
}

function hasFallenBack(record: FinalizationRecord, seen: Situation): boolean {
  const { rebootAskedInBoot } = record;
  const { booted, bootId } = seen.facts;
  const hasRebooted = rebootAskedInBoot !== null && rebootAskedInBoot !== bootId;
  return hasRebooted && booted !== record.target && isBefore(record, booted);
}

/** Whether it is the previous system, or what the boot loader starts in its place. */
function isBefore({ previous, previousProfile }: FinalizationRecord, system: string | null) {
  return system !== null && (system === previous || system === previousProfile);
}

export function verified(
  record: FinalizationRecord,
  seen: Situation,
  { checks, oldCode = null, userUnits = null }: Event<"verified">,
): Step {
  const checked = { ...record, checks: [...checks], oldCode, userUnits };
  // A request ends the checks early, so they say nothing; but in a boot that is not through no switch helps.
  const asked = isBootFailed(checked) ? checked : record;
  const ended = failIfOvertaken(record, seen) ?? rollBackAsAsked(asked, seen);
  if (ended !== null) return ended;
  const { current, profile } = seen.facts;
  const problems = problemsOf(checks);
  // In a boot that did not get through, its specialisation has not been activated.
  const isOther = current !== activatedOf(record) && !isBootFailed(checked);
  if (isOther) problems.unshift(isNotTarget(current));
  // A fallback that was cut off has restored it already; live would not outlast the next boot.
  if (profile !== record.target && isBefore(record, profile)) {
    problems.push("the profile has been set to the previous system");
  }
  if (problems.length > 0) return rollBack(checked, seen, problems.join("; "));
  // Whoever asks for a rollback has judged both systems already.
  return seen.policy.confirmWithin === null || record.rollbackOf !== null
    ? commit(checked, seen, RUNS)
    : askForConfirmation(checked, seen, seen.policy.confirmWithin);
}

function isNotTarget(current: string | null): string {
  return `the current system is ${current ?? "unknown"}, not the target`;
}

/** Null if the target, which has passed its verification, still is the current system. */
function endIfNotTarget(record: FinalizationRecord, seen: Situation): Step | null {
  const ended = failIfOvertaken(record, seen) ?? rollBackAsAsked(record, seen);
  const { current } = seen.facts;
  if (ended !== null || current === activatedOf(record)) return ended;
  return rollBack(record, seen, isNotTarget(current));
}

/** The time limit is set once: an interruption does not extend it. */
function askForConfirmation(
  record: FinalizationRecord,
  seen: Situation,
  withinSeconds: number,
): Step {
  if (record.confirmBy !== null) {
    return stay(record, { kind: "await-confirmation", until: record.confirmBy });
  }
  const until = new Date(+seen.now + withinSeconds * 1000).toISOString();
  const clocks = { ...record.clocks, confirmation: clockOf(seen) };
  const asked = { ...record, confirmBy: until, clocks };
  const effect = { kind: "await-confirmation", until } as const;
  return transition(asked, seen, "verifying", `waits for a confirmation until ${until}`, effect);
}

export function confirmationEnded(record: FinalizationRecord, seen: Situation): Step {
  const ended = endIfNotTarget(record, seen);
  if (ended !== null) return ended;
  const { confirm } = seen.facts.requests;
  if (confirm !== null) return commit(record, seen, `confirmed by ${confirm}`);
  return rollBack(record, seen, `not confirmed by ${record.confirmBy ?? "the time limit"}`);
}

/**
 * The end of a good finalization. A target that was booted just once becomes the boot default
 * first; cut off before that, the host comes up with the previous system.
 */
function commit(record: FinalizationRecord, seen: Situation, reason: string): Step {
  if (lacksBootDefault(record, seen.facts)) {
    return stay(record, { kind: "commit-boot-default", toplevel: record.target });
  }
  return endLive(record, seen, reason);
}

function lacksBootDefault(record: FinalizationRecord, facts: Facts): boolean {
  const { bootDefault, isBootDefaultHeld, profile } = facts;
  // Even if the target is the one that is held: nobody else would ever release it.
  if (isBootDefaultHeld) return true;
  if (bootDefault === record.target) return false;
  // A specialisation is activated without its boot loader.
  return (
    isBefore(record, bootDefault) || (record.specialisation !== null && profile === record.target)
  );
}

export function bootDefaultCommitted(
  record: FinalizationRecord,
  seen: Situation,
  { problem }: Event<"boot-default-committed">,
): Step {
  // Until the boot default was set, another activation may have been waited for.
  const ended = endIfNotTarget(record, seen);
  if (ended !== null) return ended;
  if (problem !== null) return rollBack(record, seen, problem);
  const { confirm } = seen.facts.requests;
  const isAsked = record.confirmBy !== null && confirm !== null;
  return endLive(record, seen, isAsked ? `confirmed by ${confirm}` : RUNS);
}

const RUNS = "the target is the running system";

/** The reason also says what is known not to be so. */
function endLive(record: FinalizationRecord, seen: Situation, reason: string): Step {
  const { bootDefault, decision, newest } = seen.facts;
  const rebootRequired = decision.action === "reboot" ? decision.reason : null;
  const isOtherDefault =
    bootDefault !== null && bootDefault !== record.target && !isReplacedBy(newest, record);
  const left = rebootInWords({ ...record, rebootRequired });
  const words = [
    reason,
    ...(left === null ? [] : [left]),
    ...unnotedInWords(record),
    ...movedProfile(record, seen.facts, record.target),
    ...(isOtherDefault ? [`the boot default is ${bootDefault}`] : []),
  ];
  return conclude({ ...record, rebootRequired }, seen, "live", { reason: words.join("; ") });
}
