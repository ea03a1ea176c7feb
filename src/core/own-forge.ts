import type { ForgeRun } from "./forge-run.ts";
import {
  type ForgeReceiver,
  isForge,
  type ReceiverOf,
  type ReportConfig,
} from "./report-defaults.ts";

/** A receiver that is about a commit. */
type RepositoryReceiver = ForgeReceiver | ReceiverOf<"github-deployment">;

/** Whether a receiver is the forge itself that the run was on: there may be several of one kind. */
export function isForgeOf(
  run: ForgeRun | null,
  { kind, url }: Pick<RepositoryReceiver, "kind" | "url">,
): run is ForgeRun {
  const forge = kind === "github-deployment" ? "github" : kind;
  return run?.forge === forge && run.server !== null && originOf(run.server) === originOf(url);
}

/** GitHub's API has a host of its own, which may be configured too. */
function originOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { origin } = new URL(address);
  return origin === "https://api.github.com" ? "https://github.com" : origin;
}

/**
 * The commit of a run. Null where commits are reported on, but none of its repository: what is
 * deployed comes from elsewhere then.
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
  // GitLab's project is a number in the run; its path stands in the address of the job.
  const path = run.page?.startsWith(`${run.server}/${repository}/-/`) === true;
  return path || repository.toLowerCase() === run.repository?.toLowerCase();
}

/** The receiver whose forge is asked whether the job that scheduled has ended; null where none is. */
export function forgeToAsk(
  { receivers }: ReportConfig,
  run: ForgeRun | null,
): ForgeReceiver | null {
  const forges = receivers.filter((receiver) => isForge(receiver));
  return forges.find((forge) => forge.waitForJob && isForgeOf(run, forge)) ?? null;
}

/** Whether a forge is asked. It is not where the run does not say which job it is. */
export function awaitsForgeJob(report: ReportConfig, run: ForgeRun | null): boolean {
  return run !== null && run.job !== null && run.run !== null && forgeToAsk(report, run) !== null;
}
