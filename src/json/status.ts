import * as v from "valibot";
import { moment } from "../core/record-schema.ts";
import { finalizationSchema } from "./finalization.ts";
import { ownSlotSchema } from "./lock.ts";

const system = v.object({
  toplevel: v.pipe(v.nullable(v.string()), v.description("Null where nothing resolves.")),
  generation: v.nullable(v.number()),
  version: v.pipe(v.nullable(v.string()), v.description("What NixOS calls it.")),
});

/** What the process of a finalization waits for right now. */
export const waitingSchema = v.object({
  for: v.pipe(v.string(), v.description("A gate, the turn, or what the verification is at.")),
  why: v.string(),
  since: moment,
  until: v.pipe(v.nullable(moment), v.description("When it ends at the latest.")),
  next: v.pipe(
    v.nullable(v.picklist(["give-up", "proceed"])),
    v.description("What happens then; null where it depends on what is found."),
  ),
});

const driver = v.object({
  kind: v.pipe(
    v.picklist(["process", "timer", "unit", "resume", "shutdown", "nobody", "unknown"]),
    v.description("Who takes it on; `nobody`: it stays as it is until somebody resumes it."),
  ),
  why: v.optional(v.string()),
});

/** What `status --json` prints; with `--follow`, one line for each change. */
export const statusSchema = v.object({
  schemaVersion: v.literal(1),
  host: v.object({
    name: v.string(),
    booted: system,
    current: system,
    profile: system,
    rebootRequired: v.pipe(
      v.nullable(v.string()),
      v.description("Why only a reboot makes the profile's system the running one."),
    ),
  }),
  bootLoader: v.object({
    name: v.pipe(v.nullable(v.string()), v.description("Null where none is known.")),
    byDefault: v.pipe(
      v.nullable(v.string()),
      v.description("The toplevel that it boots unless told otherwise."),
    ),
    once: v.pipe(
      v.nullable(v.string()),
      v.description("The toplevel that it boots next, and only once."),
    ),
    obstacle: v.pipe(
      v.nullable(v.string()),
      v.description("Why it cannot boot a system just once; null where it can."),
    ),
  }),
  finalization: v.pipe(
    v.nullable(finalizationSchema),
    v.description("Null where there is none, or where it may not be seen."),
  ),
  hidden: v.pipe(v.nullable(v.string()), v.description("Why it may not be seen.")),
  summary: v.pipe(v.string(), v.description("What happened or is going on, in words.")),
  next: v.pipe(v.nullable(v.string()), v.description("What happens next by itself, in words.")),
  driver: v.pipe(v.nullable(driver), v.description("Null where it has ended.")),
  waiting: v.nullable(waitingSchema),
  slot: v.pipe(
    v.nullable(ownSlotSchema),
    v.description("What this host may hold of the fleet lock; null for nothing."),
  ),
  slotUnknown: v.pipe(v.nullable(v.string()), v.description("Why that cannot be told.")),
});

export type StatusJson = v.InferOutput<typeof statusSchema>;
