import type { Config } from "../core/config/config.ts";
import type { ForgeRun } from "../core/config/forge-run.ts";
import { awaitsForgeJob } from "../core/config/receivers.ts";
import type { FinalizationRecord } from "../core/record/record.ts";

/** The automatic delay in seconds if no gate sees the end of the deploying job. */
const DELAY_WITHOUT_GATES_SECONDS = 60;

/** The automatic delay if a gate sees it: none, because the gate adds its own margin. */
const DELAY_WITH_GATES_SECONDS = 0;

/** Whether a gate sees the end of the deploying job, or a delay must be long enough. */
export type JobEnd = "seen" | "guessed";

/**
 * @param sessionId the logind session that schedules, or null
 * @param forgeRun the CI run that schedules, or null
 */
export function jobEndOf(
  { waitFor, report }: Config,
  sessionId: string | null,
  forgeRun: ForgeRun | null = null,
): JobEnd {
  const isSessionSeen = waitFor.session && sessionId !== null;
  const isSeen = isSessionSeen || waitFor.runners.length > 0 || awaitsForgeJob(report, forgeRun);
  return isSeen ? "seen" : "guessed";
}

/** The delay of a finalization: the flag, else the configuration, else automatic. */
export function effectiveDelay(
  flag: number | null,
  config: Config,
  jobEnd: JobEnd,
): FinalizationRecord["delay"] {
  if (flag !== null) return { seconds: flag, source: "flag" };
  if (config.delay !== null) return { seconds: config.delay, source: "configuration" };
  const seconds = jobEnd === "seen" ? DELAY_WITH_GATES_SECONDS : DELAY_WITHOUT_GATES_SECONDS;
  return { seconds, source: "automatic" };
}
