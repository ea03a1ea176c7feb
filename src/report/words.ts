import { userUnitsSuffix } from "../core/user-units/judge.ts";
import { printable } from "../core/printable.ts";
import { type FinalizationRecord, rebootInWords, unnotedInWords } from "../core/record/record.ts";
import type { State } from "../core/states.ts";
import { duration } from "../core/age.ts";

/** One sentence about an entry of the timeline, for a person who sees nothing else. */
export function summaryOf(record: FinalizationRecord, index: number): string {
  return printable(wordsOf(record, index));
}

function wordsOf(record: FinalizationRecord, index: number): string {
  const { state, at, detail } = record.timeline[index] ?? {
    state: record.state,
    at: record.scheduledAt,
    detail: "",
  };
  switch (state) {
    case "scheduled":
      return scheduledWords(record);
    case "live":
      return `live${generationWords(record)} after ${sinceScheduled(record, at)}${wordsOnRest(record)}${userUnitsSuffix(record.userUnits)}`;
    case "rolled-back":
      return `rolled back: ${detail}`;
    case "waiting":
    case "switching":
    case "rebooting":
    case "verifying":
    case "rolling-back":
    case "failed":
    case "superseded":
    case "cancelled":
      return detail === "" ? state : `${state}: ${detail}`;
  }
}

function scheduledWords({ plan, delay }: FinalizationRecord): string {
  const when = delay.seconds === 0 ? "" : ` in ${duration(delay.seconds)}`;
  // Without a delay the end of the job is detected, and the finalization waits for it.
  const wait = delay.source === "automatic" && delay.seconds === 0 ? ", waits for the CI job" : "";
  return `${plan.action}${when}${wait} (${plan.reason})`;
}

function generationWords({ targetGeneration }: FinalizationRecord): string {
  return targetGeneration === null ? "" : `: generation ${targetGeneration}`;
}

function wordsOnRest(record: FinalizationRecord): string {
  const words = rebootInWords(record);
  return [...(words === null ? [] : [words]), ...unnotedInWords(record)]
    .map((one) => `; ${one}`)
    .join("");
}

function sinceScheduled({ scheduledAt }: FinalizationRecord, at: string): string {
  return duration((Date.parse(at) - Date.parse(scheduledAt)) / 1000);
}

/** `web1: live: generation 42 after 12 s`, the title of a notification. */
export function titleOf(event: {
  readonly host: string;
  readonly event: State;
  readonly test: boolean;
}): string {
  return `${printable(event.host)}: ${event.test ? "test of deploy-finalize" : TITLES[event.event]}`;
}

const TITLES: Readonly<Record<State, string>> = {
  scheduled: "deploy scheduled",
  waiting: "deploy waits",
  switching: "deploy switches",
  rebooting: "deploy reboots",
  verifying: "deploy is verified",
  "rolling-back": "deploy rolls back",
  live: "deploy is live",
  "rolled-back": "deploy rolled back",
  failed: "deploy failed",
  superseded: "deploy superseded",
  cancelled: "deploy cancelled",
};

/** The urgency of a notification: nothing failed, a rollback handles it, or a person must act. */
export function urgencyOf(event: State): "normal" | "high" | "urgent" {
  if (event === "failed") return "urgent";
  return event === "rolled-back" || event === "rolling-back" ? "high" : "normal";
}

/** Shortens a text to so many UTF-16 units, without half a character; an ellipsis marks the cut. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Shortens a text until it fits, without half a character. */
export function shortenUntil(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  let [fitting, tooLong] = [1, text.length];
  while (tooLong - fitting > 1) {
    const middle = Math.floor((fitting + tooLong) / 2);
    if (fits(shorten(text, middle))) fitting = middle;
    else tooLong = middle;
  }
  return shorten(text, fitting);
}

/** Shortens a text to so many bytes of UTF-8, without half a character. */
export function shortenBytes(text: string, most: number): string {
  return shortenUntil(text, (shorter) => Buffer.byteLength(shorter) <= most);
}
