import type { State } from "../core/states.ts";
import { clock, dateOf, duration, timeOfDay } from "../core/age.ts";
import { markOf, paint, paintMark, type Style, symbol } from "./style.ts";
import { padEnd, padStart, shortStorePath, widthOf, wrap } from "./text.ts";
import { printable } from "../core/printable.ts";

export interface TimelineStep {
  /** ISO 8601. */
  readonly at: string;
  readonly state: State;
  readonly detail: string;
  /** Seconds; null if it has not ended. */
  readonly seconds: number | null;
  readonly notes?: readonly string[];
}

const STATE_WIDTH = "rolling-back".length;
const TOOK_WIDTH = "59 min 59 s".length;
const GAP = "  ";

/** With less room than this beside the times, details get their own lines. */
const LEAST_DETAIL = 20;

export function timeline(style: Style, now: Date, steps: readonly TimelineStep[]): string[] {
  let day = dateOf(now);
  return steps.flatMap((step) => {
    const date = dateOf(new Date(step.at));
    const heading = date === day ? [] : [paint(style, "dim", `${GAP}${date}`)];
    day = date;
    return [...heading, ...drawStep(style, now, step)];
  });
}

function drawStep(style: Style, now: Date, step: TimelineStep): string[] {
  const mark = markOf(step.state);
  const took = step.seconds === null ? "" : duration(step.seconds);
  const head = [
    symbol(style, mark),
    paint(style, "dim", timeOfDay(new Date(step.at))),
    padEnd(paintMark(style, mark, step.state), STATE_WIDTH),
    padStart(took, TOOK_WIDTH),
  ].join(GAP);
  const texts = [step.detail, ...(step.notes ?? [])].filter((text) => text !== "");
  const beside = style.width - widthOf(head) - GAP.length;
  const isBeside = beside >= LEAST_DETAIL;
  const indent = GAP.repeat(isBeside ? 1 : 2);
  const margin = isBeside ? " ".repeat(widthOf(head)) : "";
  const width = isBeside ? beside : style.width - indent.length;
  const lines = texts.flatMap((text) => wrap(style, forPeople(style, text, now), width));
  if (!isBeside) return [head.trimEnd(), ...lines.map((line) => `${indent}${line}`)];
  return [head, ...lines.slice(1).map(() => margin)].map((begin, index) =>
    `${begin}${indent}${lines[index] ?? ""}`.trimEnd(),
  );
}

/** A text from a record: with local times and short store paths, without control characters. */
export function forPeople(style: Style, text: string, now: Date): string {
  const local = text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (moment) =>
    clock(new Date(moment), now),
  );
  return shortStorePath(style, printable(local));
}
