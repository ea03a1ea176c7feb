import * as v from "valibot";
import { finalizationSchema } from "./finalization.ts";

/** What `history --json` prints, the newest first. */
export const historySchema = v.object({
  schemaVersion: v.literal(1),
  finalizations: v.array(finalizationSchema),
  broken: v.pipe(
    v.array(v.object({ id: v.string(), why: v.string() })),
    v.description("Records that cannot be read."),
  ),
});

export type HistoryJson = v.InferOutput<typeof historySchema>;
