import * as v from "valibot";

const text = v.nullable(v.string());

/** The CI run that scheduled a finalization; null for what its environment does not contain. */
export const forgeRunSchema = v.object({
  forge: v.picklist(["forgejo", "gitea", "github", "gitlab"]),
  server: text,
  /** `owner/name`; on GitLab the number of the project. */
  repository: text,
  sha: text,
  ref: text,
  /** The name of the workflow; GitLab has none, and older records do not have it. */
  workflow: v.optional(text, null),
  /** The ID of the run; on GitLab of the pipeline. */
  run: text,
  runNumber: text,
  attempt: text,
  /** The key of the job in the workflow; on GitLab its ID. */
  job: text,
  runner: text,
  page: text,
});
