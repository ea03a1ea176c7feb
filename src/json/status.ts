import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import { STATES } from "../core/states.ts";
import { finalizationSchema, oldCode, userUnits } from "./finalization.ts";
import { fallbackSchema } from "./fallback.ts";
import { ownSlotSchema } from "./lock.ts";
import { described, orNull } from "./described.ts";
import { waitingSchema } from "./waiting.ts";

const system = v.object({
  toplevel: orNull(v.string(), "Null if nothing resolves."),
  generation: v.nullable(v.number()),
  version: orNull(v.string(), "The NixOS version."),
});

const driver = v.object({
  kind: described(
    v.picklist(["process", "timer", "unit", "resume", "shutdown", "nobody", "unknown"]),
    "What continues it; `nobody`: nothing, until somebody runs `deploy-finalize resume`.",
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
    rebootRequired: orNull(
      v.string(),
      "Why the profile's system needs a reboot; null if it does not.",
    ),
  }),
  bootLoader: v.object({
    name: orNull(v.string(), "Null if none is known."),
    byDefault: orNull(v.string(), "The toplevel that it boots by default."),
    once: orNull(v.string(), "The toplevel that it boots next, and only once."),
    obstacle: orNull(v.string(), "Why it cannot boot a system once; null if it can."),
  }),
  fallback: orNull(
    fallbackSchema,
    "What happens if the profile's system does not boot; null if this host never reboots by itself, or for another user than root.",
  ),
  finalization: orNull(
    finalizationSchema,
    "Null if there is none, or if this user may not see it.",
  ),
  hidden: orNull(v.string(), "Why this user may not see it."),
  summary: described(v.string(), "What happened or happens now, in words."),
  next: orNull(v.string(), "What happens next automatically, in words."),
  driver: orNull(driver, "Null if it has ended, and its hooks too."),
  waiting: v.nullable(waitingSchema),
  slot: orNull(ownSlotSchema, "The slot of the fleet lock that this host may hold; null for none."),
  slotUnknown: orNull(v.string(), "Why the slot is unknown."),
});

export type StatusJson = v.InferOutput<typeof statusSchema>;

/** What `wait --json` prints: the current state first, then one line for each change. */
export const waitSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.string(),
  at: moment,
  state: v.picklist(STATES),
  detail: v.string(),
  waiting: orNull(waitingSchema, "What it waits for in that state."),
  oldCode,
  userUnits,
  exitCode: orNull(v.number(), "Null while it has not ended."),
});

export type WaitJson = v.InferOutput<typeof waitSchema>;
