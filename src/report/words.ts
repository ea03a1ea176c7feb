import type { FinalizationRecord } from "../core/record.ts";
import type { State } from "../core/states.ts";
import { duration } from "../view/age.ts";

/** One sentence on an entry of the timeline, for a person who sees nothing else. */
export function summaryOf(record: FinalizationRecord, index: number): string {
  const { state, at, detail } = record.timeline[index] ?? {
    state: record.state,
    at: record.scheduledAt,
    detail: "",
  };
  switch (state) {
    case "scheduled":
      return scheduledWords(record);
    case "live":
      return `live${generationWords(record)} after ${sinceScheduled(record, at)}${rebootWords(record)}`;
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
  // Without a delay something tells when the job is over, and it is waited for.
  const wait = delay.source === "automatic" && delay.seconds === 0 ? ", waits for the CI job" : "";
  return `${plan.action}${when}${wait} (${plan.reason})`;
}

function generationWords({ targetGeneration }: FinalizationRecord): string {
  return targetGeneration === null ? "" : `: generation ${targetGeneration}`;
}

function rebootWords({ rebootRequired }: FinalizationRecord): string {
  return rebootRequired === null ? "" : `; a reboot is required: ${rebootRequired}`;
}

function sinceScheduled({ scheduledAt }: FinalizationRecord, at: string): string {
  return duration((Date.parse(at) - Date.parse(scheduledAt)) / 1000);
}

/** `web1: live: generation 42 after 12 s`, the title of a notification. */
export function titleOf(event: { readonly host: string; readonly event: State }): string {
  return `${event.host}: ${TITLES[event.event]}`;
}

const TITLES: Readonly<Record<State, string>> = {
  scheduled: "deploy scheduled",
  waiting: "deploy waits",
  switching: "deploy switches",
  rebooting: "deploy reboots",
  verifying: "deploy is verified",
  "rolling-back": "deploy goes back",
  live: "deploy is live",
  "rolled-back": "deploy rolled back",
  failed: "deploy failed",
  superseded: "deploy superseded",
  cancelled: "deploy cancelled",
};

/** How much somebody is to be disturbed: nothing went wrong, or it did and was mended, or not. */
export function urgencyOf(event: State): "normal" | "high" | "urgent" {
  if (event === "failed") return "urgent";
  return event === "rolled-back" || event === "rolling-back" ? "high" : "normal";
}

/** At most so many UTF-16 units, and no half of a character; what is cut off shows as an ellipsis. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
