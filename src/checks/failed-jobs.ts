import type { FailedJob } from "../core/record/record.ts";
import type { UnitState } from "../host/systemd/unit-states.ts";
import { type Evidence, type Finding, isIgnoredBy, wrong } from "./findings.ts";
import { hadFailed, isRunning } from "./units-before.ts";

/** What switch-to-configuration says it failed to do, if it is still so. */
export function judgeFailedJobs(evidence: Evidence): Finding[] {
  const { now, baseline } = evidence;
  const known = baseline.units?.broken ?? [];
  return evidence.failedJobs
    .filter(({ unit }) => !hadFailed(baseline, unit) && !isIgnoredBy(evidence, unit))
    .filter(({ unit }) => !known.includes(unit))
    .filter((job) => !isRepaired(job, now.get(job.unit), evidence))
    .map(({ unit, job }) =>
      wrong(unit, `has a failed job: switch-to-configuration could not ${job} it`),
    );
}

/** A reload that failed leaves the unit running with what it had before; other jobs may have been made good. */
function isRepaired(
  { unit, job }: FailedJob,
  state: UnitState | undefined,
  { baseline, restarted }: Evidence,
): boolean {
  if (state === undefined || state.load === "not-found") return job === "stop";
  // The target, or an operator, does not want it to run.
  if (state.load === "masked") return true;
  if (job === "reload") return false;
  if (!isRunning(state)) {
    const isDone = state.type === "oneshot" && state.result === "success";
    return job === "stop" || (isDone && restarted.has(unit));
  }
  const before = baseline.units?.active.find((active) => active.unit === unit);
  return before === undefined || state.startedAt > before.startedAt;
}
