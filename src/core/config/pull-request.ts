import * as v from "valibot";
import { jsonAs } from "../answer.ts";
import { isCommit } from "./forge-run.ts";

const eventSchema = v.object({ pull_request: v.object({ head: v.object({ sha: v.string() }) }) });

/** The head of the pull request that an event of a forge is about; null if it names none. */
export function headIn(event: string): string | null {
  const sha = jsonAs(eventSchema, event)?.pull_request.head.sha ?? null;
  return isCommit(sha) ? sha : null;
}
