import { fallBack, rollBack, goBackAgain } from "./back.ts";
import type { Plan } from "./decision.ts";
import { NEEDS_REBOOT, problemsOf, REFUSED, UNITS_FAILED } from "./judging.ts";
import type { Effect, Event, Observation, Step } from "./machine-types.ts";
import { conclude, fail, go, move } from "./moves.ts";
import type { FinalizationRecord } from "./record.ts";

/** The end of a finalization that must not act any more, or null while it may. */
export function dropped(record: FinalizationRecord, seen: Observation): Step | null {
  const { newest, profile, requests } = seen.facts;
  if (requests.cancel !== null) {
    return conclude(record, seen, "cancelled", { reason: `cancelled by ${requests.cancel}` });
  }
  if (newest !== null && newest !== record.id) {
    return conclude(record, seen, "superseded", { reason: `superseded by ${newest}` });
  }
  if (profile !== record.target) {
    const reason = `the profile moved to ${profile ?? "nothing that resolves"}`;
    return conclude(record, seen, "superseded", { reason });
  }
  return null;
}

export function takeUpWaiting(record: FinalizationRecord, seen: Observation): Step {
  if (record.bootId !== seen.facts.bootId && seen.facts.booted === record.target) {
    return arrive(record, seen);
  }
  const ended = dropped(record, seen);
  if (ended !== null) return ended;
  const effect: Effect = { kind: "await-gates" };
  if (record.state === "waiting") return go(record, effect);
  return move(record, seen, "waiting", "waits for its gates", effect);
}

/** After a crash in the middle of an act: in the same boot the act is done again. */
export function takeUpAct(record: FinalizationRecord, seen: Observation): Step {
  const again = "again, after an interruption";
  if (record.state === "rebooting" && seen.facts.bootId === record.rebootAskedInBoot) {
    return rebootInto(record, seen, again);
  }
  if (record.state === "switching" && seen.facts.bootId === actingBoot(record)) {
    return switchTo(record, seen, again);
  }
  return arrive(record, seen);
}

/** The boot in which a switch began: noted with the state, as a reboot may lie between that and the scheduling. */
function actingBoot(record: FinalizationRecord): string {
  return record.switchedInBoot ?? record.bootId;
}

/** After a boot that came in the middle: either the target is up, or the host fell back. */
function arrive(record: FinalizationRecord, seen: Observation): Step {
  if (seen.facts.booted === record.target) {
    return move(record, seen, "verifying", "booted into the target", { kind: "verify" });
  }
  return fallBack(record, seen);
}

/** The facts are looked at once more, with the turn taken: what was decided at scheduling may have changed. */
export function act(
  record: FinalizationRecord,
  seen: Observation,
  { failedUnits, idleRunners }: Extract<Event, { kind: "turn-taken" }>,
): Step {
  const { decision } = seen.facts;
  if (decision.action === "refuse") {
    return fail(record, seen, `the target is missing ${decision.missing.join(", ")}`);
  }
  const prepared = withPlan(
    { ...record, failedBefore: failedUnits, stoppedRunners: [...idleRunners] },
    decision,
  );
  return decision.action === "switch"
    ? switchTo(prepared, seen, decision.reason)
    : rebootIfAllowed(prepared, seen, decision.reason);
}

function withPlan(record: FinalizationRecord, plan: Plan): FinalizationRecord {
  return { ...record, plan: { ...plan, changed: [...plan.changed] } };
}

function switchTo(record: FinalizationRecord, seen: Observation, detail: string): Step {
  const noted = { ...record, switchedInBoot: seen.facts.bootId };
  return move(noted, seen, "switching", detail, { kind: "switch", toplevel: record.target });
}

function rebootIfAllowed(record: FinalizationRecord, seen: Observation, reason: string): Step {
  if (seen.policy.reboot === "allowed") return rebootInto(record, seen, reason);
  return fail(record, seen, `a reboot is required (${reason}), and reboots are not allowed`);
}

function rebootInto(record: FinalizationRecord, seen: Observation, detail: string): Step {
  const asked = { ...record, rebootAskedInBoot: seen.facts.bootId };
  return move(asked, seen, "rebooting", detail, { kind: "reboot", toplevel: record.target });
}

/** Something came in between in the last moment: back to the gates, nothing has been done. */
export function heldUp(record: FinalizationRecord, seen: Observation, why: string): Step {
  if (record.state === "rolling-back") return goBackAgain(record, seen, why);
  return move(record, seen, "waiting", why, { kind: "await-gates" });
}

/** Unit failures (4) are judged by the verification, which knows what had failed before. */
export function judgeSwitch(
  record: FinalizationRecord,
  seen: Observation,
  { exitCode, tail }: Extract<Event, { kind: "switched" }>,
): Step {
  const reason = `switch-to-configuration ended with exit code ${exitCode}`;
  const outcome = { reason, activationExitCode: exitCode, activationTail: [...tail] };
  const noted = { ...record, outcome };
  switch (exitCode) {
    case 0:
    case UNITS_FAILED:
      return move(noted, seen, "verifying", reason, { kind: "verify" });
    case NEEDS_REBOOT:
      return rebootIfAllowed(noted, seen, "the switch asks for a reboot (exit code 100)");
    case REFUSED: {
      const { decision } = seen.facts;
      if (decision.action === "reboot") return rebootIfAllowed(noted, seen, decision.reason);
      return fail(
        noted,
        seen,
        `the switch was refused before it changed anything: ${lastOf(tail)}`,
      );
    }
    default:
      return rollBack(noted, seen, reason);
  }
}

function lastOf(tail: readonly string[]): string {
  return tail.slice(-3).join("; ") || "without a word";
}

export function judgeVerification(
  record: FinalizationRecord,
  seen: Observation,
  checks: FinalizationRecord["checks"],
): Step {
  const { current, profile } = seen.facts;
  const checked = { ...record, checks: [...checks] };
  const problems = problemsOf(checks);
  if (current !== record.target) {
    problems.unshift(`the current system is ${current ?? "unknown"}, not the target`);
  }
  // A fall-back that was cut off has set it back already; live would not outlast the next boot.
  if (profile === record.previous && profile !== record.target) {
    problems.push("the profile has been set back to the previous system");
  }
  if (problems.length > 0) return rollBack(checked, seen, problems.join("; "));
  return seen.policy.confirmWithin === null
    ? live(checked, seen, "the target is the running system")
    : askForConfirmation(checked, seen, seen.policy.confirmWithin);
}

/** The time limit is set once: an interruption does not lengthen it. */
function askForConfirmation(
  record: FinalizationRecord,
  seen: Observation,
  withinSeconds: number,
): Step {
  const until = record.confirmBy ?? new Date(+seen.now + withinSeconds * 1000).toISOString();
  const asked = { ...record, confirmBy: until };
  const detail = `waits for a confirmation until ${until}`;
  return move(asked, seen, "verifying", detail, { kind: "await-confirmation", until });
}

export function confirmationEnded(record: FinalizationRecord, seen: Observation): Step {
  const { confirm } = seen.facts.requests;
  if (confirm !== null) return live(record, seen, `confirmed by ${confirm}`);
  return rollBack(
    record,
    seen,
    `nobody confirmed it until ${record.confirmBy ?? "the time limit"}`,
  );
}

function live(record: FinalizationRecord, seen: Observation, reason: string): Step {
  return conclude(record, seen, "live", { reason });
}
