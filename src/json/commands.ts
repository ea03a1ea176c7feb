import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import { action, delaySource } from "../core/record/record-schema.ts";
import { described, orNull } from "./described.ts";
import { finalizationSchema } from "./finalization.ts";
import { waitingSchema } from "./waiting.ts";

const schemaVersion = v.literal(1);

/** What `schedule --json` prints. */
export const scheduleSchema = v.object({
  schemaVersion,
  id: described(v.string(), "The id of the finalization, for the other commands."),
  unit: described(v.string(), "Its timer and service, without the suffix."),
  plan: v.object({
    action,
    reason: described(v.string(), "The reason for the action."),
    changed: described(v.array(v.string()), "The changed parts that need a reboot."),
  }),
  delay: v.object({ seconds: v.number(), source: delaySource }),
  fireAt: described(moment, "When its timer fires."),
  target: described(v.string(), "The NixOS system to activate."),
  previous: orNull(v.string(), "The running system; null if it does not resolve."),
  argv: described(
    v.array(v.string()),
    "The command that armed the timer, or with `--dry-run` would arm it.",
  ),
});

/** What `cancel --json` prints. */
export const cancelSchema = v.object({
  schemaVersion,
  finalization: finalizationSchema,
  nextBoot: described(
    v.picklist(["target", "previous", "other"]),
    "The system that the next boot starts; that of the profile, if the boot loader cannot be read. `previous`: the system that boots without this finalization, `other`: somebody changed it.",
  ),
});

/** What `now --json` prints. */
export const nowSchema = v.object({
  schemaVersion,
  finalization: described(finalizationSchema, "It acts, or waits for the gates that are left."),
  waiting: orNull(waitingSchema, "What it still waits for; null if nothing is known of a wait."),
});

/** What `confirm --json` prints. */
export const confirmSchema = v.object({
  schemaVersion,
  finalization: described(finalizationSchema, "Live, or not yet processed by its unit."),
});

/** What `rollback --json` prints. */
export const rollbackSchema = v.object({
  schemaVersion,
  of: described(v.string(), "The finalization that is rolled back."),
  how: described(
    v.picklist(["asked", "scheduled"]),
    "`asked`: it was verifying and rolls itself back; `scheduled`: a new finalization rolls it back.",
  ),
  finalization: described(finalizationSchema, "The finalization that does the rollback."),
});

/** What `retry --json` prints. */
export const retrySchema = v.object({
  schemaVersion,
  of: described(v.string(), "The finalization whose target comes back."),
  rejectedBecause: orNull(v.string(), "Why it ended as it did; null if its record does not say."),
  finalization: described(finalizationSchema, "The new finalization of that target."),
});

/** What `undo --json` prints. */
export const undoSchema = v.object({
  schemaVersion,
  profile: v.string(),
  from: orNull(v.string(), "The system of the profile before; null if it named none."),
  to: described(v.string(), "The system of the profile and the boot default now."),
  generation: orNull(v.number(), "The generation of the profile now; null if it has none."),
});

/** What `run --json` prints. */
export const runSchema = v.object({
  schemaVersion,
  exitCode: described(v.number(), "The exit code of `run`."),
  finalization: orNull(finalizationSchema, "As it is now; null if there is no record of it."),
});

/** What `resume --json` prints. */
export const resumeSchema = v.object({
  schemaVersion,
  continued: described(
    v.array(v.string()),
    "The unfinished finalizations whose units run, or that a timer starts.",
  ),
  lost: described(v.array(v.string()), "Finalizations from before the boot without a record."),
  problems: described(v.array(v.string()), "What could not be done, and why."),
});

/** What `boot-complete --json` prints. */
export const bootCompleteSchema = v.object({
  schemaVersion,
  why: described(v.string(), "Why this boot counts as good."),
});

/** What `deliver --json` prints. */
export const deliverSchema = v.object({
  schemaVersion,
  before: described(v.number(), "How many reports waited."),
  left: described(v.number(), "How many reports still wait; another process may deliver them."),
});

/** What `check-config --json` prints. */
export const checkConfigSchema = v.object({
  schemaVersion,
  file: v.string(),
  isValid: v.boolean(),
  problems: v.array(
    v.object({
      key: orNull(
        v.string(),
        "The key that is wrong, with the name of `--option-prefix` before it; null for the whole file.",
      ),
      message: described(v.string(), "What is wrong, with the name of the key."),
    }),
  ),
});

export type CancelJson = v.InferOutput<typeof cancelSchema>;
export type CheckConfigJson = v.InferOutput<typeof checkConfigSchema>;
export type ConfirmJson = v.InferOutput<typeof confirmSchema>;
export type NowJson = v.InferOutput<typeof nowSchema>;
export type RetryJson = v.InferOutput<typeof retrySchema>;
export type RollbackJson = v.InferOutput<typeof rollbackSchema>;
export type RunJson = v.InferOutput<typeof runSchema>;
export type ResumeJson = v.InferOutput<typeof resumeSchema>;
export type BootCompleteJson = v.InferOutput<typeof bootCompleteSchema>;
export type DeliverJson = v.InferOutput<typeof deliverSchema>;
export type UndoJson = v.InferOutput<typeof undoSchema>;
export type ScheduleJson = v.InferOutput<typeof scheduleSchema>;
