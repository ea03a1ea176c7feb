import * as v from "valibot";
import { action, delaySource, moment } from "../core/record-schema.ts";

/** What `schedule --json` prints. */
export const scheduleSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.pipe(v.string(), v.description("The finalization; what every other command takes.")),
  unit: v.pipe(v.string(), v.description("Its timer and service, without the suffix.")),
  plan: v.object({
    action,
    reason: v.pipe(v.string(), v.description("Why this action.")),
    changed: v.pipe(v.array(v.string()), v.description("What differs and needs a reboot.")),
  }),
  delay: v.object({ seconds: v.number(), source: delaySource }),
  fireAt: v.pipe(moment, v.description("When its timer fires.")),
  target: v.pipe(v.string(), v.description("The NixOS system that is to be the running one.")),
  previous: v.pipe(
    v.nullable(v.string()),
    v.description("The system that runs now; null where none resolves."),
  ),
  argv: v.pipe(
    v.array(v.string()),
    v.description("How the timer was armed, or with `--dry-run` would be."),
  ),
});

export type ScheduleJson = v.InferOutput<typeof scheduleSchema>;
