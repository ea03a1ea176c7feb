import type { FinalizationRecord } from "../core/record.ts";
import type { WaitingNote } from "../host/waiting-note.ts";
import { age, clock, duration, timeOfDay } from "./age.ts";
import { previousName, targetName } from "./naming.ts";

/** What is known of a finalization besides its record. */
export interface Now {
  readonly now: Date;
  /** What its process waits for; null where nothing is known of it. */
  readonly waiting: WaitingNote | null;
}

/** What happened, or what is going on, in one line. */
export function headline(record: FinalizationRecord, seen: Now): string {
  const { state } = record;
  const { now } = seen;
  const ago = age(sinceOf(record), now);
  const since = `for ${elapsed(sinceOf(record), now)}`;
  switch (state) {
    case "scheduled":
      return scheduled(record, now);
    case "waiting":
      return waiting(record, seen);
    case "switching":
      return `switching to ${targetName(record)}, ${since}`;
    case "rebooting":
      return seen.waiting === null
        ? `rebooting into ${targetName(record)}, ${since}`
        : `about to reboot into ${targetName(record)}, waiting for ${seen.waiting.for}: ${seen.waiting.why}`;
    case "verifying":
      return verifying(record, seen);
    case "rolling-back":
      return `rolling back to ${previousName(record)}, ${since}: ${reasonOf(record)}`;
    case "live":
      return `live: ${howItCame(record)} ${targetName(record)}, ${ago}${stillRequired(record)}`;
    case "rolled-back":
      return `rolled back to ${previousName(record)}, ${ago}: ${reasonOf(record)}`;
    case "failed":
      return `failed, ${ago}: ${reasonOf(record)}`;
    case "superseded":
    case "cancelled":
      return `${reasonOf(record)}, ${ago}, before it acted`;
  }
}

function scheduled(record: FinalizationRecord, now: Date): string {
  const at = new Date(record.fireAt);
  const act = actOf(record);
  return at > now
    ? `scheduled: ${act} ${age(at, now)}, at ${clock(at, now)}`
    : `scheduled: ${act}, due since ${elapsed(at, now)}`;
}

function actOf(record: FinalizationRecord): string {
  const { action } = record.plan;
  return `${action} ${action === "switch" ? "to" : "into"} ${targetName(record)}`;
}

function waiting(record: FinalizationRecord, { now, waiting: note }: Now): string {
  const { deferredUntil } = record;
  if (note === null && deferredUntil !== null && new Date(deferredUntil) > now) {
    const at = new Date(deferredUntil);
    return `waiting for the reboot window, which opens ${age(at, now)}, at ${clock(at, now)}`;
  }
  if (note === null) {
    return `waiting before the ${actOf(record)}, for ${elapsed(sinceOf(record), now)}`;
  }
  return `waiting for ${note.for}, for ${elapsed(new Date(note.since), now)}: ${note.why}`;
}

function stillRequired({ rebootRequired }: FinalizationRecord): string {
  return rebootRequired === null ? "" : `; a reboot is required: ${rebootRequired}`;
}

function verifying(record: FinalizationRecord, { now, waiting: note }: Now): string {
  const target = targetName(record);
  if (record.confirmBy !== null && note === null) {
    const by = new Date(record.confirmBy);
    const left = by > now ? `ends ${age(by, now)}, at ${clock(by, now)}` : "is over";
    return `waiting for somebody to confirm ${target}; the time for it ${left}`;
  }
  const at = note === null ? "" : `: ${note.for} (${note.why})`;
  return `verifying ${target}, for ${elapsed(sinceOf(record), now)}${at}`;
}

/** When it entered the state that it is in, or entered it again. */
function sinceOf({ timeline, scheduledAt }: FinalizationRecord): Date {
  return new Date(timeline.at(-1)?.at ?? scheduledAt);
}

function elapsed(since: Date, now: Date): string {
  return duration((now.getTime() - since.getTime()) / 1000);
}

function howItCame({ timeline }: FinalizationRecord): string {
  const acts = new Set(timeline.map(({ state }) => state));
  if (acts.has("rebooting")) return "rebooted into";
  return acts.has("switching") ? "switched to" : "booted into";
}

export function reasonOf({ outcome, timeline }: FinalizationRecord): string {
  return outcome?.reason ?? timeline.at(-1)?.detail ?? "";
}

/** One line for a change that is told as it comes: `21:33:05 switching: services only`. */
export function changeLine(at: string, what: string, detail: string): string {
  return `${timeOfDay(new Date(at))} ${what}${detail === "" ? "" : `: ${detail}`}`;
}
