import * as v from "valibot";
import { described, orNull } from "./described.ts";

/** What `report-bug --json` prints. */
export const reportBugSchema = v.object({
  schemaVersion: v.literal(1),
  id: orNull(v.string(), "The finalization of the report; null if there is none on this host."),
  file: orNull(v.string(), "The file with the report, from `--output`; null without it."),
  parts: described(
    v.array(v.object({ title: v.string(), text: v.string() })),
    "The parts of the report, without secrets.",
  ),
});

export type ReportBugJson = v.InferOutput<typeof reportBugSchema>;
