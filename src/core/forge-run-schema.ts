import * as v from "valibot";
import { FORGES } from "./report-defaults.ts";

const known = v.nullable(v.string());

/** The run of a forge's CI in which a finalization was scheduled; null for what it did not tell. */
export const forgeRunSchema = v.object({
  forge: v.picklist(FORGES),
  server: known,
  /** `owner/name`; the number of the project on GitLab. */
  repository: known,
  sha: known,
  ref: known,
  /** The id of the run; of the pipeline on GitLab. */
  run: known,
  runNumber: known,
  attempt: known,
  /** The key of the job in the workflow; its id on GitLab. */
  job: known,
  runner: known,
  /** Its page for people. */
  page: known,
});
