import { rollBack, rollBackAsAsked } from "./back.ts";
import { problemsOf } from "./judging.ts";
import type { Observation, Step } from "./machine-types.ts";
import { conclude, go, move } from "./moves.ts";
import { overtaken } from "./overtaken.ts";
import type { FinalizationRecord } from "./record.ts";

export function judgeVerification(
  record: FinalizationRecord,
  seen: Observation,
  checks: FinalizationRecord["checks"],
): Step {
  const ended = overtaken(record, seen) ?? rollBackAsAsked(record, seen);
  if (ended !== null) return ended;
  const { current, profile } = seen.facts;
  const checked = { ...record, checks: [...checks] };
  const problems = problemsOf(checks);
  if (current !== record.target) {
    problems.unshift(isNotTarget(current));
  }
  // A fall-back that was cut off has set it back already; live would not outlast the next boot.
  if (profile === record.previous && profile !== record.target) {
    problems.push("the profile has been set back to the previous system");
  }
  if (problems.length > 0) return rollBack(checked, seen, problems.join("; "));
  // Whoever rolls back has judged both systems already.
  return seen.policy.confirmWithin === null || record.rollbackOf !== null
    ? live(checked, seen, RUNS)
    : askForConfirmation(checked, seen, seen.policy.confirmWithin);
}

function isNotTarget(current: string | null): string {
  return `the current system is ${current ?? "unknown"}, not the target`;
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
  const ended = overtaken(record, seen) ?? rollBackAsAsked(record, seen);
  if (ended !== null) return ended;
  const { current, requests } = seen.facts;
  if (current !== record.target) return rollBack(record, seen, isNotTarget(current));
  const { confirm } = requests;
  if (confirm !== null) return live(record, seen, `confirmed by ${confirm}`);
  return rollBack(
    record,
    seen,
    `nobody confirmed it until ${record.confirmBy ?? "the time limit"}`,
  );
}

/**
 * The end of a good finalization. A target that was booted just once becomes the boot default
 * first; cut off before that, the host comes up with the previous system.
 */
function live(record: FinalizationRecord, seen: Observation, reason: string): Step {
  const { bootDefault } = seen.facts;
  if (bootDefault === record.previous && bootDefault !== null && bootDefault !== record.target) {
    return go(record, { kind: "restore-boot-default", toplevel: record.target });
  }
  return endLive(record, seen, reason);
}

/** After the boot default was set for a target that holds. */
export function committed(
  record: FinalizationRecord,
  seen: Observation,
  problem: string | null,
): Step {
  if (problem !== null) return rollBack(record, seen, problem);
  const { confirm } = seen.facts.requests;
  const isAsked = record.confirmBy !== null && confirm !== null;
  return endLive(record, seen, isAsked ? `confirmed by ${confirm}` : RUNS);
}

const RUNS = "the target is the running system";

/** Where no reboot is allowed, what differs since the boot is not live yet. */
function endLive(record: FinalizationRecord, seen: Observation, reason: string): Step {
  const { decision } = seen.facts;
  const rebootRequired = decision.action === "reboot" ? decision.reason : null;
  const open = rebootRequired === null ? "" : `; a reboot is required: ${rebootRequired}`;
  return conclude({ ...record, rebootRequired }, seen, "live", { reason: `${reason}${open}` });
}
