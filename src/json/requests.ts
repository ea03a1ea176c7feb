import * as v from "valibot";
import { finalizationSchema } from "./finalization.ts";

const schemaVersion = v.literal(1);

/** What `cancel --json` prints. */
export const cancelSchema = v.object({
  schemaVersion,
  finalization: finalizationSchema,
  nextBoot: v.pipe(
    v.picklist(["target", "previous", "other"]),
    v.description(
      "What profile and boot default are left at; `previous`: the system that boots without it, `other`: somebody moved them.",
    ),
  ),
});

/** What `confirm --json` prints. */
export const confirmSchema = v.object({
  schemaVersion,
  finalization: v.pipe(finalizationSchema, v.description("Live, or still to take note of it.")),
});

/** What `rollback --json` prints. */
export const rollbackSchema = v.object({
  schemaVersion,
  of: v.pipe(v.string(), v.description("The finalization that is taken back.")),
  how: v.pipe(
    v.picklist(["asked", "scheduled"]),
    v.description("Itself goes back, as it was verifying; or another one is scheduled."),
  ),
  finalization: v.pipe(finalizationSchema, v.description("The one that goes back.")),
});

export type CancelJson = v.InferOutput<typeof cancelSchema>;
export type ConfirmJson = v.InferOutput<typeof confirmSchema>;
export type RollbackJson = v.InferOutput<typeof rollbackSchema>;
