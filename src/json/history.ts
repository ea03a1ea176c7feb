import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import { finalizationSchema } from "./finalization.ts";
import { described, orNull } from "./described.ts";

/** What `history --json` prints, the newest first. */
export const historySchema = v.object({
  schemaVersion: v.literal(1),
  finalizations: v.array(finalizationSchema),
  broken: described(
    v.array(v.object({ id: v.string(), why: v.string() })),
    "Records that cannot be read.",
  ),
});

export type HistoryJson = v.InferOutput<typeof historySchema>;

/** What `log --json` prints: one line for each entry of the journal. */
export const logSchema = v.object({
  schemaVersion: v.literal(1),
  at: moment,
  message: v.string(),
  unit: orNull(v.string(), "The unit that the message is from or about."),
  priority: orNull(v.number(), "As in syslog: 3 is an error."),
  messageId: orNull(v.string(), "The kind of event; null if it has none."),
  state: orNull(v.string(), "The state that the finalization entered; null if none."),
});

export type LogJson = v.InferOutput<typeof logSchema>;
