import * as v from "valibot";
import { moment } from "../core/record-schema.ts";

/** What `log --json` prints: one line for each entry of the journal. */
export const logSchema = v.object({
  schemaVersion: v.literal(1),
  at: moment,
  message: v.string(),
  unit: v.pipe(v.nullable(v.string()), v.description("The unit that it is from or about.")),
  priority: v.pipe(v.nullable(v.number()), v.description("As in syslog: 3 is an error.")),
  messageId: v.pipe(v.nullable(v.string()), v.description("The kind of event, where it has one.")),
  state: v.pipe(v.nullable(v.string()), v.description("The state that was entered, if any.")),
});

export type LogJson = v.InferOutput<typeof logSchema>;
