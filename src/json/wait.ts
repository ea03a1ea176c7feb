import * as v from "valibot";
import { moment } from "../core/record-schema.ts";
import { STATES } from "../core/states.ts";
import { waitingSchema } from "./status.ts";

/** What `wait --json` prints: one line for each change, the first for how things stand. */
export const waitSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.string(),
  at: moment,
  state: v.picklist(STATES),
  detail: v.string(),
  waiting: v.pipe(v.nullable(waitingSchema), v.description("What is waited for in that state.")),
  exitCode: v.pipe(v.nullable(v.number()), v.description("Null while it has not ended.")),
});

export type WaitJson = v.InferOutput<typeof waitSchema>;
