import type { InferOutput } from "valibot";
import { printable } from "../printable.ts";
import type { forgeRunSchema } from "./forge-run-schema.ts";

/** The CI run that scheduled a finalization, from its environment. */
export type ForgeRun = Readonly<InferOutput<typeof forgeRunSchema>>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the run from the environment. Forgejo's runner sets Gitea's variable too, and both set
 * GitHub's, so the order matters (notes/forge-environment.md).
 */
export function forgeRunOf(env: Environment): ForgeRun | null {
  const read = (name: string): string | null => tidy(env[name]);
  if (env["FORGEJO_ACTIONS"] === "true") return actionsRun("forgejo", read);
  if (env["GITEA_ACTIONS"] === "true") return actionsRun("gitea", read);
  if (env["GITHUB_ACTIONS"] === "true") return actionsRun("github", read);
  return env["GITLAB_CI"] === "true" ? gitlabRun(read) : null;
}

type Read = (name: string) => string | null;

function actionsRun(forge: "forgejo" | "gitea" | "github", read: Read): ForgeRun {
  const server = addressOf(read("GITHUB_SERVER_URL"));
  const repository = repositoryOf(read("GITHUB_REPOSITORY"));
  const run = numberOf(read("GITHUB_RUN_ID"));
  const runNumber = numberOf(read("GITHUB_RUN_NUMBER"));
  // GitHub uses the ID, Forgejo the number. Gitea uses the ID now, but accepts a number with by_index.
  const name = forge === "github" ? run : runNumber;
  const isKnown = server !== null && repository !== null && name !== null;
  const page = `${server}/${repository}/actions/runs/${name}${forge === "gitea" ? "?by_index=1" : ""}`;
  return {
    forge,
    server,
    repository,
    sha: read("GITHUB_SHA"),
    ref: read("GITHUB_REF_NAME"),
    workflow: read("GITHUB_WORKFLOW"),
    run,
    runNumber,
    attempt: numberOf(read("GITHUB_RUN_ATTEMPT")),
    job: read("GITHUB_JOB"),
    runner: read("RUNNER_NAME"),
    page: isKnown ? page : null,
  };
}

function gitlabRun(read: Read): ForgeRun {
  return {
    forge: "gitlab",
    server: addressOf(read("CI_SERVER_URL")),
    repository: repositoryOf(read("CI_PROJECT_ID")),
    // In a pipeline for merged results, the commit is a merge that only GitLab has.
    sha: read("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") ?? read("CI_COMMIT_SHA"),
    ref: read("CI_COMMIT_REF_NAME"),
    workflow: null,
    run: numberOf(read("CI_PIPELINE_ID")),
    runNumber: null,
    attempt: null,
    job: numberOf(read("CI_JOB_ID")),
    runner: null,
    page: addressOf(read("CI_JOB_URL")),
  };
}

/** Names joined by `/`; on GitLab also the number of a project. `.` and `..` are no names on any forge. */
export const REPOSITORY_PATTERN = /^(?!(.*\/)?\.{1,2}(\/|$))[\w.-]+(\/[\w.-]+)*$/;

// What becomes part of a request with the forge's token must be what the forge itself would set:
// the environment is that of a job, whose workflow anybody may have written.

function repositoryOf(text: string | null): string | null {
  return text !== null && REPOSITORY_PATTERN.test(text) ? text : null;
}

function numberOf(text: string | null): string | null {
  return text !== null && /^\d+$/.test(text) ? text : null;
}

function addressOf(text: string | null): string | null {
  return text !== null && /^https?:\/\/[^/@]+(\/|$)/.test(text) && URL.canParse(text) ? text : null;
}

/** Only the place of a run, for a finalization that its job did not schedule. */
export function placeOf(run: ForgeRun | null): ForgeRun | null {
  if (run === null) return null;
  const { forge, server, repository } = run;
  const none = { sha: null, ref: null, workflow: null, run: null, runNumber: null, attempt: null };
  return { forge, server, repository, ...none, job: null, runner: null, page: null };
}

const MOST_CHARACTERS = 500;

/** Keeps control characters and very long values out of the record. */
function tidy(value: string | undefined): string | null {
  if (value === undefined) return null;
  const text = printable(value.slice(0, MOST_CHARACTERS)).trim();
  return text === "" ? null : text;
}

/** The commit of `--revision` or of a target; null for an empty text. */
export function tidyRevision(text: string | undefined): string | null {
  return tidy(text);
}

/** Whether a text is a whole commit hash (SHA-1 or SHA-256), which forges need for a status. */
export function isCommit(revision: string | null): revision is string {
  return revision !== null && /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(revision);
}
