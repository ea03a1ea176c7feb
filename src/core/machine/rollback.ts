import { type Decision, type Permitted, type Reboots, underPolicy } from "../decision/decision.ts";
import {
  activatedOf,
  type FinalizationRecord,
  unnotedInWords,
  withUnnoted,
} from "../record/record.ts";
import { whyOvertaken } from "./overtaken.ts";
import { AGAIN, conclude, fail, heldUp, stay, transition } from "./transitions.ts";
import type { Event, Situation, Step, SwitchMode } from "./types.ts";
import {
  endInWords,
  isBootFailed,
  lastLines,
  movedFromRollback,
  problemsOf,
  verdictOf,
  wordsOf,
} from "./verdicts.ts";

// A rollback: first the profile, then the running system, by a switch or by one reboot, at last the
// profile and the boot default once more. What cannot be done does not keep the rest from being
// done; it is named at the end. Every step may be done twice, so after an interruption it begins
// again.

/** Begins a rollback that nobody asked for, if the policy wants it. */
export function rollBack(record: FinalizationRecord, seen: Situation, reason: string): Step {
  if (seen.policy.rollback === "disabled") return fail(record, seen, reason);
  // Somebody has rejected the system that this would bring back.
  if (record.rollbackOf !== null) {
    const end = "it was a rollback itself, so it does not roll back automatically";
    return fail(record, seen, `${reason}; ${end}`);
  }
  return beginRollback(record, seen, reason);
}

/** Begins the rollback that somebody asks for while it verifies; null if nobody does. */
export function rollBackAsAsked(record: FinalizationRecord, seen: Situation): Step | null {
  const { rollback } = seen.facts.requests;
  return rollback === null
    ? null
    : beginRollback(record, seen, `rollback requested by ${rollback}`);
}

function beginRollback(record: FinalizationRecord, seen: Situation, reason: string): Step {
  if (record.previous === null || record.previous === activatedOf(record)) {
    return fail(record, seen, `${reason}; there is no other system to roll back to`);
  }
  const outcome = { ...(record.outcome ?? NO_ACTIVATION), reason };
  // What was examined was the target.
  const noted = {
    ...record,
    outcome,
    checks: withUnnoted(record.checks, []),
    failedJobs: [],
    userTrouble: [],
    rollbackProblems: [],
    oldCode: null,
    userUnits: null,
  };
  return transition(noted, seen, "rolling-back", reason, restoreProfile(record));
}

const NO_ACTIVATION = { activationExitCode: null, activationTail: [] };

/** After a crash, a boot, or an act of another process. */
export function takeUpRollback(record: FinalizationRecord, seen: Situation): Step {
  const overtaken = whyOvertaken(record, seen.facts);
  if (overtaken !== null) return rollbackFailed(record, seen, overtaken);
  const { previous, rebootBackAskedInBoot } = record;
  const { booted, bootId } = seen.facts;
  if (rebootBackAskedInBoot === null || rebootBackAskedInBoot === bootId) {
    return rollBackAgain(record, seen, AGAIN);
  }
  if (previous === null) return rollbackFailed(record, seen, "there is no previous system");
  if (booted === previous) {
    const effect = { kind: "verify-rollback" } as const;
    return transition(record, seen, "rolling-back", "booted into the previous system", effect);
  }
  const came = `the reboot came up with ${booted ?? "an unknown system"}`;
  const noted = booted === profileToRestore(record) ? record : withProblem(record, came);
  return transition(noted, seen, "rolling-back", `${came}: switches`, switchBackOf(record, "test"));
}

/** Something got in the way of the switch or the reboot: begins again, from the profile. */
export function rollbackHeldUp(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"held-up">,
): Step {
  const fresh = { ...record, rollbackProblems: [] };
  return heldUp(fresh, seen, "rolling-back", why, restoreProfile(record));
}

/** The previous system does not run then, but it boots next. */
export function rollbackTimedOut(
  record: FinalizationRecord,
  _seen: Situation,
  { why }: Event<"gates-timed-out">,
): Step {
  return restoreDefaults(withProblem(record, why));
}

function rollBackAgain(record: FinalizationRecord, seen: Situation, why: string): Step {
  if (record.previous === null) return rollbackFailed(record, seen, "there is no previous system");
  const fresh = { ...record, rollbackProblems: [] };
  return transition(fresh, seen, "rolling-back", why, restoreProfile(record));
}

function restoreProfile(record: FinalizationRecord) {
  return { kind: "restore-profile", toplevel: profileToRestore(record) } as const;
}

/** Whatever became of the profile: it is tried again when the services are back. */
export function rollbackProfileRestored(record: FinalizationRecord, seen: Situation): Step {
  const { previous } = record;
  const { rollbackDecision } = seen.facts;
  const permitted = rollbackDecision === null ? null : howToReturn(record, seen, rollbackDecision);
  if (previous === null || permitted === null || permitted.action === "refuse") {
    return rollbackFailed(record, seen, "the previous system is incomplete in the store");
  }
  switch (permitted.action) {
    case "switch":
      return stay(record, switchBackOf(record));
    case "reboot":
      return rebootBack(record, seen);
    case "forbidden":
      return restoreDefaults(withProblem(record, "it needs a reboot, and reboots are not allowed"));
  }
}

/**
 * A host that only switched ran the previous system in this boot a moment ago, whatever kernel that one
 * brings: a reboot back would start that kernel untried, and outside of the reboot window.
 */
function rebootsBack(record: FinalizationRecord, { policy, facts }: Situation): Reboots {
  const hasOnlySwitched = record.rebootAskedInBoot === null && facts.booted !== record.target;
  return policy.rebootBack === "allowed" && hasOnlySwitched ? "put-off" : policy.rebootBack;
}

/** No switch helps in a boot that did not get through: what it needs has not started. */
function howToReturn(record: FinalizationRecord, seen: Situation, decision: Decision): Permitted {
  const { policy, facts } = seen;
  const permitted = underPolicy(decision, rebootsBack(record, seen));
  const isStuck = facts.booted === record.target && isBootFailed(record);
  return permitted.action === "switch" && isStuck && policy.rebootBack === "allowed"
    ? { action: "reboot", reason: "the boot did not get through", changed: [] }
    : permitted;
}

/** The boot did not get through. There is one reboot back, and none that boots the same system again. */
export function rollbackBootFailed(
  record: FinalizationRecord,
  seen: Situation,
  { checks }: Event<"verified">,
): Step {
  const { booted } = seen.facts;
  const noted = booted === record.target ? { ...record, checks: [...checks] } : record;
  if (seen.policy.rebootBack === "forbidden") return stay(noted, switchBackOf(noted));
  const mayReboot = record.rebootBackAskedInBoot === null && booted !== record.previous;
  const failed = problemsOf(checks).reduce(withProblem, record);
  return mayReboot ? rebootBack(noted, seen) : restoreDefaults(failed);
}

function rebootBack(record: FinalizationRecord, seen: Situation): Step {
  const asked = { ...record, rebootBackAskedInBoot: seen.facts.bootId };
  const detail = "reboots into the previous system";
  return transition(asked, seen, "rolling-back", detail, rebootOf(record));
}

function rebootOf(record: FinalizationRecord) {
  return { kind: "reboot", toplevel: profileToRestore(record) } as const;
}

function switchBackOf(record: FinalizationRecord, mode = modeFor(record)) {
  const toplevel = record.previous ?? record.target;
  return { kind: "switch", toplevel, mode } as const;
}

/** A system that is not the profile's own, such as a specialisation, is activated without its boot loader. */
function modeFor(record: FinalizationRecord): SwitchMode {
  return profileToRestore(record) === record.previous ? "switch" : "test";
}

/** The toplevel that becomes profile and boot default again. */
function profileToRestore({ previousProfile, previous, target }: FinalizationRecord): string {
  return previousProfile ?? previous ?? target;
}

/** Unit failures are judged by the verification, against how the units were before. */
export function rollbackSwitched(
  record: FinalizationRecord,
  seen: Situation,
  ended: Event<"switched">,
): Step {
  const { tail, mode } = ended;
  const noted = { ...record, ...wordsOf(ended) };
  const why = `the switch to the previous system ${endInWords(ended)}`;
  const failed = withProblem(noted, `${why}: ${lastLines(tail)}`);
  switch (verdictOf(ended)) {
    case "done":
      return stay(noted, { kind: "verify-rollback" });
    case "failed":
      return stay(failed, { kind: "verify-rollback" });
    case "needs-reboot":
      return record.rebootBackAskedInBoot === null && seen.policy.rebootBack === "allowed"
        ? rebootBack(noted, seen)
        : restoreDefaults(failed);
    case "refused":
    case "halfway":
    case "timed-out":
      // The boot loader may be in the way. Without it the services come back.
      return mode === "switch" ? testPrevious(noted) : stay(failed, { kind: "verify-rollback" });
  }
}

function testPrevious(record: FinalizationRecord): Step {
  return stay(record, switchBackOf(record, "test"));
}

/** On the kernel that runs, the services of the previous system are better than none. */
export function rollbackRebootRefused(
  record: FinalizationRecord,
  _seen: Situation,
  { why }: Event<"reboot-refused">,
): Step {
  return testPrevious(withProblem(record, `the reboot was refused: ${why}`));
}

export function rollbackVerified(
  before: FinalizationRecord,
  seen: Situation,
  { checks, oldCode = null, userUnits = null }: Event<"verified">,
): Step {
  const record = { ...before, checks: withUnnoted(before.checks, checks), oldCode, userUnits };
  const { current } = seen.facts;
  const wrong =
    current === record.previous ? [] : [`the current system is ${current ?? "unknown"}`];
  return restoreDefaults([...wrong, ...problemsOf(checks)].reduce(withProblem, record));
}

function restoreDefaults(record: FinalizationRecord): Step {
  return stay(record, { kind: "restore-defaults", toplevel: profileToRestore(record) });
}

export function rollbackDefaultsRestored(
  record: FinalizationRecord,
  seen: Situation,
  { problems }: Event<"defaults-restored">,
): Step {
  const all = [...record.rollbackProblems, ...problems];
  if (all.length > 0) return rollbackFailed(record, seen, all.join("; "));
  // A profile that somebody has set to another system is left alone.
  const moved = movedFromRollback(record, seen.facts, profileToRestore(record));
  const reason = [whyRolledBack(record), ...unnotedInWords(record), ...moved].join("; ");
  return conclude(record, seen, "rolled-back", { reason });
}

function withProblem(record: FinalizationRecord, problem: string): FinalizationRecord {
  return { ...record, rollbackProblems: [...record.rollbackProblems, problem] };
}

function rollbackFailed(record: FinalizationRecord, seen: Situation, problem: string): Step {
  return fail(record, seen, `${whyRolledBack(record)}; the rollback failed too: ${problem}`);
}

function whyRolledBack({ outcome }: FinalizationRecord): string {
  return outcome?.reason ?? "the target failed its verification";
}
