import type { InferOutput } from "valibot";
import type { forgeRunSchema } from "./forge-run-schema.ts";

/** The run of a forge's CI that scheduled a finalization, as far as its environment tells. */
export type ForgeRun = Readonly<InferOutput<typeof forgeRunSchema>>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the run from the environment. Forgejo's runner also claims to be Gitea's,
 * and both claim to be GitHub's, so the order counts (notes/forge-environment.md).
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
  const [server, repository] = [read("GITHUB_SERVER_URL"), read("GITHUB_REPOSITORY")];
  const [run, runNumber] = [read("GITHUB_RUN_ID"), read("GITHUB_RUN_NUMBER")];
  // By its id on GitHub, by its number on Forgejo; Gitea had the number first and has the id
  // now, but still takes a number that is said to be one.
  const name = forge === "github" ? run : runNumber;
  const isKnown = server !== null && repository !== null && name !== null;
  const page = `${server}/${repository}/actions/runs/${name}${forge === "gitea" ? "?by_index=1" : ""}`;
  return {
    forge,
    server,
    repository,
    sha: read("GITHUB_SHA"),
    ref: read("GITHUB_REF_NAME"),
    run,
    runNumber,
    attempt: read("GITHUB_RUN_ATTEMPT"),
    job: read("GITHUB_JOB"),
    runner: read("RUNNER_NAME"),
    page: isKnown ? page : null,
  };
}

function gitlabRun(read: Read): ForgeRun {
  return {
    forge: "gitlab",
    server: read("CI_SERVER_URL"),
    repository: read("CI_PROJECT_ID"),
    sha: read("CI_COMMIT_SHA"),
    ref: read("CI_COMMIT_REF_NAME"),
    run: read("CI_PIPELINE_ID"),
    runNumber: null,
    attempt: null,
    job: read("CI_JOB_ID"),
    runner: null,
    page: read("CI_JOB_URL"),
  };
}

/** Where a run was, for what is reported from elsewhere: no job of it is meant. */
export function placeOf(run: ForgeRun | null): ForgeRun | null {
  if (run === null) return null;
  const { forge, server, repository } = run;
  const none = { sha: null, ref: null, run: null, runNumber: null, attempt: null, job: null };
  return { forge, server, repository, ...none, runner: null, page: null };
}

const MOST_CHARACTERS = 500;

/** The environment is the caller's: control characters and endless values stay out of the record. */
function tidy(value: string | undefined): string | null {
  if (value === undefined) return null;
  const text = value.replaceAll(/\p{Cc}/gu, "").trim();
  return text === "" ? null : text.slice(0, MOST_CHARACTERS);
}

/** The commit of `--revision` or of a target; null where the text names none. */
export function tidyRevision(text: string | undefined): string | null {
  return tidy(text);
}

/** A forge takes a status only for a whole commit hash, SHA-1 or SHA-256. */
export function isCommit(revision: string | null): revision is string {
  return revision !== null && /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(revision);
}
