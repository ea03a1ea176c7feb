import { type ForgeRun, forgeRunOf } from "../../core/config/forge-run.ts";
import { readText } from "../../host/files/durable.ts";
import type { Context } from "../context.ts";

/** The CI run in whose job this is called; null if there is none. */
export async function ciRunOf({ env }: Pick<Context, "env">): Promise<ForgeRun | null> {
  const run = forgeRunOf(env);
  const head = run === null ? null : await headOf(env);
  return run === null || head === null ? run : { ...run, sha: head };
}

/** In a run for these, GITHUB_SHA is the merge of head and base, which the forge does not show. */
const MERGES = new Set(["pull_request", "pull_request_review", "pull_request_review_comment"]);

/**
 * The head of the pull request that a run is for, from the event that the forge gives to the job
 * (notes/github-api.md). A file that cannot be read, or is something else, leaves GITHUB_SHA.
 */
async function headOf(env: Context["env"]): Promise<string | null> {
  const { GITHUB_EVENT_NAME: name = "", GITHUB_EVENT_PATH: path = "" } = env;
  if (!MERGES.has(name) || path === "") return null;
  const { headIn } = await import("../../core/config/pull-request.ts");
  return headIn(textOf(path));
}

function textOf(path: string): string {
  try {
    return readText(path);
  } catch {
    return "";
  }
}
