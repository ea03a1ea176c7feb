import { userUnitsSuffix } from "../core/user-units/judge.ts";
import { basename } from "node:path";
import { printable } from "../core/printable.ts";
import { type FinalizationRecord, rebootInWords, unnotedInWords } from "../core/record/record.ts";
import { EITHER_WINDOW } from "../core/machine/moment/put-off.ts";
import type { State } from "../core/states.ts";
import { age, clock, duration, timeOfDay } from "../core/age.ts";
import type { WaitingNote } from "../state-dir/waiting-note.ts";

/** The facts of a finalization that are not in its record. */
export interface Now {
  readonly now: Date;
  /** What its process waits for; null if unknown. */
  readonly waiting: WaitingNote | null;
}

/** What happened, or what happens now, in one line. */
export function headline(record: FinalizationRecord, seen: Now): string {
  return printable(headlineOf(record, seen));
}

function headlineOf(record: FinalizationRecord, seen: Now): string {
  const { state } = record;
  const { now } = seen;
  const ago = age(sinceOf(record), now);
  const soFar = `(${elapsed(sinceOf(record), now)} so far)`;
  switch (state) {
    case "scheduled":
      return scheduled(record, now);
    case "waiting":
      return waiting(record, seen);
    case "switching":
      return `switching to ${targetName(record)} ${soFar}${hangsOn(seen)}`;
    case "rebooting":
      return seen.waiting === null
        ? `rebooting into ${targetName(record)} ${soFar}`
        : `about to reboot into ${targetName(record)}, waiting for ${seen.waiting.for}: ${seen.waiting.why}`;
    case "verifying":
      return verifying(record, seen);
    case "rolling-back":
      return `rolling back to ${previousName(record)} ${soFar}${hangsOn(seen)}: ${reasonOf(record)}`;
    case "live":
      return `live: ${howItCame(record)} ${targetName(record)}, ${ago}${whatIsLeft(record)}${userUnitsSuffix(record.userUnits)}`;
    case "rolled-back":
      return `rolled back to ${previousName(record)}, ${ago}: ${reasonOf(record)}`;
    case "failed":
      return `failed, ${ago}: ${reasonOf(record)}`;
    case "superseded":
    case "cancelled":
      return `${reasonOf(record)}, ${ago}, before it started to act`;
  }
}

/** What a switch that does not end, or a rollback that reboots, waits for. */
function hangsOn({ waiting: note }: Now): string {
  if (note === null) return "";
  return note.for === "switch" ? ` (${note.why})` : ` (waits for ${note.for}: ${note.why})`;
}

function scheduled(record: FinalizationRecord, now: Date): string {
  const at = new Date(record.fireAt);
  const act = actOf(record);
  return at > now
    ? `scheduled: ${act} ${age(at, now)}, at ${clock(at, now)}`
    : `scheduled: ${act}, overdue by ${elapsed(at, now)}`;
}

function actOf(record: FinalizationRecord): string {
  const { action } = record.plan;
  return `${action} ${action === "switch" ? "to" : "into"} ${targetName(record)}`;
}

function waiting(record: FinalizationRecord, { now, waiting: note }: Now): string {
  const deferredUntil = record.hurried === null ? record.deferredUntil : null;
  if (note === null && deferredUntil !== null && new Date(deferredUntil) > now) {
    const at = new Date(deferredUntil);
    return `waiting for ${windowOf(record)}, which opens ${age(at, now)}, at ${clock(at, now)}`;
  }
  if (note === null) {
    return `waiting to ${actOf(record)} (${elapsed(sinceOf(record), now)} so far)`;
  }
  return `waiting for ${note.for} (${elapsed(new Date(note.since), now)} so far): ${note.why}`;
}

/** It may wait for the window of the switch or of the reboot, whichever opens first. */
function windowOf({ plan, timeline }: FinalizationRecord): string {
  const isEither = timeline.at(-1)?.detail.includes(EITHER_WINDOW) ?? false;
  return isEither ? "one of its windows" : `the ${plan.action} window`;
}

function whatIsLeft(record: FinalizationRecord): string {
  const words = rebootInWords(record);
  return [...(words === null ? [] : [words]), ...unnotedInWords(record)]
    .map((one) => `; ${one}`)
    .join("");
}

function verifying(record: FinalizationRecord, { now, waiting: note }: Now): string {
  const target = targetName(record);
  if (record.confirmBy !== null && note === null) {
    const by = new Date(record.confirmBy);
    const end = by > now ? `ends ${age(by, now)}, at ${clock(by, now)}` : "has passed";
    return `waiting for a confirmation of ${target}; the time limit ${end}`;
  }
  const at = note === null ? "" : `: now the ${note.for} (${note.why})`;
  return `verifying ${target} (${elapsed(sinceOf(record), now)} so far)${at}`;
}

function sinceOf({ timeline, scheduledAt }: FinalizationRecord): Date {
  return new Date(timeline.at(-1)?.at ?? scheduledAt);
}

function elapsed(since: Date, now: Date): string {
  return duration((now.getTime() - since.getTime()) / 1000);
}

/** By its last act: one before it may have been held up, and become another one. */
function howItCame({ timeline }: FinalizationRecord): string {
  const last = timeline.findLast(({ state }) => ACTS.has(state))?.state;
  if (last === "rebooting") return "rebooted into";
  return last === "switching" ? "switched to" : "booted into";
}

/** A finalization whose act is held up waits again. */
const ACTS: ReadonlySet<State> = new Set(["waiting", "switching", "rebooting"]);

export function reasonOf({ outcome, timeline }: FinalizationRecord): string {
  return outcome?.reason ?? timeline.at(-1)?.detail ?? "";
}

/** One line for a change: `21:33:05 switching: services only`. */
export function changeLine(at: string, what: string, detail: string): string {
  return printable(`${timeOfDay(new Date(at))} ${what}${detail === "" ? "" : `: ${detail}`}`);
}

/** The name of a system for people: its generation, else the name in its store path. */
export function systemName(toplevel: string | null, generation: number | null): string {
  if (generation !== null) return `generation ${generation}`;
  if (toplevel === null) return "an unknown system";
  return basename(toplevel).replace(/^[0-9a-z]{32}-/, "");
}

export function targetName({
  target,
  targetGeneration,
  specialisation,
}: FinalizationRecord): string {
  const name = systemName(target, targetGeneration);
  return specialisation === null ? name : `${name} (specialisation ${specialisation.name})`;
}

export function previousName({ previous, previousGeneration }: FinalizationRecord): string {
  return systemName(previous, previousGeneration);
}

/** The last four characters of an ID: enough for people to type. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1);
}

/** `rollback of km17`, `retry of km17`, `reboot of km17`; null for a deploy. */
export function originName({ rollbackOf, retryOf, rebootOf }: FinalizationRecord): string | null {
  if (rebootOf !== null) return `reboot of ${shortId(rebootOf)}`;
  if (rollbackOf !== null) return `rollback of ${shortId(rollbackOf)}`;
  return retryOf === null ? null : `retry of ${shortId(retryOf)}`;
}

/** The end of a finalization and its reason, in one line. */
export function howItEnded({ id, state, outcome }: FinalizationRecord): string {
  return `${id} ended as ${state}: ${outcome?.reason ?? "its record does not say why"}`;
}
