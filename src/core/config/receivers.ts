import type { ForgeRun } from "./forge-run.ts";
import type { ForgeReceiver, ReceiverOf, ReportConfig } from "./report-config.ts";

export function wantsReports({ receivers, metricsFile }: ReportConfig): boolean {
  return receivers.length > 0 || metricsFile !== null;
}

/** A receiver of reports on commits. */
export type RepositoryReceiver = ForgeReceiver | ReceiverOf<"github-deployment">;

/** Whether a receiver is the forge of the run: there may be several forges of one kind. */
export function isForgeOf(
  run: ForgeRun | null,
  { kind, url }: Pick<RepositoryReceiver, "kind" | "url">,
): run is ForgeRun {
  const forge = kind === "github-deployment" ? "github" : kind;
  return run?.forge === forge && run.server !== null && originOf(run.server) === originOf(url);
}

/** The address of GitHub's API means GitHub too. */
function originOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { origin } = new URL(address);
  return origin === "https://api.github.com" ? "https://github.com" : origin;
}

/**
 * The commit of a run. Null if there are receivers for commits, but none for its repository: then the
 * deployed system comes from another repository.
 */
export function commitOfRun({ receivers }: ReportConfig, run: ForgeRun | null): string | null {
  const about = receivers.filter((receiver) => "repository" in receiver);
  const isMeant = about.length === 0 || about.some((receiver) => isRepositoryOf(run, receiver));
  return isMeant ? (run?.sha ?? null) : null;
}

function isRepositoryOf(run: ForgeRun | null, receiver: RepositoryReceiver): boolean {
  if (!isForgeOf(run, receiver)) return false;
  const { repository } = receiver;
  if (repository === null) return true;
  // On GitLab, the run has the number of the project, and the job's address has its path.
  const path = run.page?.startsWith(`${run.server}/${repository}/-/`) === true;
  return path || repository.toLowerCase() === run.repository?.toLowerCase();
}

/** The forge that knows whether the job that scheduled has ended; null if none is asked. */
export function forgeToAsk(
  { receivers }: ReportConfig,
  run: ForgeRun | null,
): ForgeReceiver | null {
  const forges = receivers.filter((receiver) => "waitForJob" in receiver);
  return forges.find((forge) => forge.waitForJob && isForgeOf(run, forge)) ?? null;
}

/** Whether a forge is asked: only if the run names its job. */
export function awaitsForgeJob(report: ReportConfig, run: ForgeRun | null): boolean {
  return run !== null && run.job !== null && run.run !== null && forgeToAsk(report, run) !== null;
}
