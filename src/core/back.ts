import { underPolicy } from "./decision.ts";
import { problemsOf, UNITS_FAILED } from "./judging.ts";
import type { Effect, Event, Facts, Observation, Step } from "./machine-types.ts";
import { conclude, fail, go, move } from "./moves.ts";
import type { FinalizationRecord } from "./record.ts";

// The way back: first the profile, then the running system, by a switch or by one reboot. Every step
// may be done twice, so that after an interruption it simply begins anew.

/** Whether all that is left to do is to come back: the host has fallen back in a reboot, or it goes back already. */
export function onlyComesBack(
  { state, target, rebootAskedInBoot }: FinalizationRecord,
  { bootId, booted }: Pick<Facts, "bootId" | "booted">,
): boolean {
  const hasRebooted = state === "rebooting" && rebootAskedInBoot !== bootId;
  return state === "rolling-back" || (hasRebooted && booted !== target);
}

/** Begins the way back by itself, where that is wanted. */
export function rollBack(record: FinalizationRecord, seen: Observation, reason: string): Step {
  if (seen.policy.rollback === "disabled") return fail(record, seen, reason);
  // Somebody has rejected the system that this would go back to.
  if (record.rollbackOf !== null) {
    return fail(record, seen, `${reason}; it was a rollback, so it does not go back by itself`);
  }
  return beginWayBack(record, seen, reason);
}

/** Begins the way back that somebody asks for while it verifies; null where nobody does. */
export function rollBackAsAsked(record: FinalizationRecord, seen: Observation): Step | null {
  const { rollback } = seen.facts.requests;
  return rollback === null ? null : beginWayBack(record, seen, `rollback asked for by ${rollback}`);
}

function beginWayBack(record: FinalizationRecord, seen: Observation, reason: string): Step {
  if (record.previous === null || record.previous === record.target) {
    return fail(record, seen, `${reason}; there is no other system to go back to`);
  }
  const blamed = { ...record, outcome: { ...(record.outcome ?? NO_ACTIVATION), reason } };
  return move(blamed, seen, "rolling-back", reason, restoreProfile(record.previous));
}

const NO_ACTIVATION = { activationExitCode: null, activationTail: [] };

/** Begins the way back anew, from the profile on. */
export function goBackAgain(record: FinalizationRecord, seen: Observation, why: string): Step {
  if (record.previous === null) {
    return wayBackFailed(record, seen, "there is no previous system");
  }
  return move(record, seen, "rolling-back", why, restoreProfile(record.previous));
}

/** After a crash or a boot on the way back. */
export function takeUpWayBack(record: FinalizationRecord, seen: Observation): Step {
  const { previous, rebootBackAskedInBoot } = record;
  const { booted, bootId } = seen.facts;
  if (previous === null) return wayBackFailed(record, seen, "there is no previous system");
  if (rebootBackAskedInBoot === null || rebootBackAskedInBoot === bootId) {
    return goBackAgain(record, seen, "again, after an interruption");
  }
  if (booted !== previous) {
    return wayBackFailed(record, seen, `the reboot came up with ${booted ?? "an unknown system"}`);
  }
  // The power may have gone before the boot default was set back.
  const effect: Effect = { kind: "restore-boot-default", toplevel: previous };
  return move(record, seen, "rolling-back", "booted into the previous system", effect);
}

export function bootDefaultRestored(
  record: FinalizationRecord,
  seen: Observation,
  problem: string | null,
): Step {
  if (record.state !== "rolling-back") return fellBack(record, seen, problem);
  return problem === null
    ? go(record, { kind: "verify-way-back" })
    : wayBackFailed(record, seen, problem);
}

export function profileRestored(
  record: FinalizationRecord,
  seen: Observation,
  problem: string | null,
): Step {
  if (record.state !== "rolling-back") return profileFellBack(record, seen, problem);
  const { wayBack: decision } = seen.facts;
  const wayBack = decision === null ? null : underPolicy(decision, seen.policy.reboot);
  if (problem !== null) return wayBackFailed(record, seen, problem);
  if (record.previous === null || wayBack === null || wayBack.action === "refuse") {
    return wayBackFailed(record, seen, "the previous system is not whole any more");
  }
  if (wayBack.action === "switch") {
    return go(record, { kind: "switch", toplevel: record.previous });
  }
  return rebootBack(record, seen, record.previous);
}

function rebootBack(record: FinalizationRecord, seen: Observation, toplevel: string): Step {
  if (seen.policy.reboot === "forbidden") {
    return wayBackFailed(record, seen, "it needs a reboot, and reboots are not allowed");
  }
  const asked = { ...record, rebootBackAskedInBoot: seen.facts.bootId };
  const detail = "reboots into the previous system";
  return move(asked, seen, "rolling-back", detail, { kind: "reboot", toplevel });
}

/** The end of the switch back. Unit failures are judged against what had failed before. */
export function switchedBack(
  record: FinalizationRecord,
  seen: Observation,
  { exitCode, tail }: Extract<Event, { kind: "switched" }>,
): Step {
  if (exitCode === 0 || exitCode === UNITS_FAILED) return go(record, { kind: "verify-way-back" });
  const words = tail.slice(-3).join("; ");
  return wayBackFailed(record, seen, `the switch back ended with exit code ${exitCode}: ${words}`);
}

export function judgeWayBack(
  record: FinalizationRecord,
  seen: Observation,
  checks: FinalizationRecord["checks"],
): Step {
  const { current } = seen.facts;
  if (current !== record.previous) {
    return wayBackFailed(record, seen, `the current system is ${current ?? "unknown"}`);
  }
  const problems = problemsOf(checks);
  if (problems.length > 0) return wayBackFailed(record, seen, problems.join("; "));
  const reason = record.outcome?.reason ?? "the target did not hold";
  return conclude(record, seen, "rolled-back", { reason });
}

export function wayBackFailed(
  record: FinalizationRecord,
  seen: Observation,
  problem: string,
): Step {
  const reason = record.outcome?.reason ?? "the target did not hold";
  return fail(record, seen, `${reason}; the way back failed too: ${problem}`);
}

/** A host that came up with something else than the target: profile and boot default go back. */
export function fallBack(record: FinalizationRecord, seen: Observation): Step {
  if (record.previous === null) return fellBack(record, seen, null);
  return go(record, restoreProfile(record.previous));
}

function profileFellBack(
  record: FinalizationRecord,
  seen: Observation,
  problem: string | null,
): Step {
  if (problem !== null || record.previous === null) return fellBack(record, seen, problem);
  return go(record, { kind: "restore-boot-default", toplevel: record.previous });
}

function fellBack(record: FinalizationRecord, seen: Observation, problem: string | null): Step {
  const booted = `fell back: booted ${seen.facts.booted ?? "an unknown system"}`;
  return fail(record, seen, problem === null ? booted : `${booted}; ${problem}`);
}

function restoreProfile(toplevel: string): Effect {
  return { kind: "restore-profile", toplevel };
}
