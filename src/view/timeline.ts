import type { State } from "../core/states.ts";
import { clock, dateOf, duration, timeOfDay } from "./age.ts";
import { paint, type Style } from "./style.ts";
import { markOf, paintMark, symbol } from "./symbols.ts";
import { padEnd, padStart, printable, shortStorePath, widthOf, wrap } from "./text.ts";

export interface Step {
  /** ISO 8601. */
  readonly at: string;
  readonly state: State;
  readonly detail: string;
  /** Seconds; null where it has no end yet, or none at all. */
  readonly seconds: number | null;
  /** More lines under the detail. */
  readonly notes?: readonly string[];
}

/** Longest name of a state. */
const STATE_WIDTH = "rolling-back".length;
const TOOK_WIDTH = "59 min 59 s".length;
const GAP = "  ";

/** Details get a line of their own where less than this is left beside the times. */
const LEAST_DETAIL = 20;

/** What happened, one step after the other, each with how long it took. */
export function timeline(style: Style, now: Date, steps: readonly Step[]): string[] {
  let day = dateOf(now);
  return steps.flatMap((step) => {
    const date = dateOf(new Date(step.at));
    const heading = date === day ? [] : [paint(style, "dim", `${GAP}${date}`)];
    day = date;
    return [...heading, ...drawStep(style, now, step)];
  });
}

function drawStep(style: Style, now: Date, step: Step): string[] {
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

/** A text from a record: local times, short store paths, nothing that steers a terminal. */
export function forPeople(style: Style, text: string, now: Date): string {
  const local = text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (moment) =>
    clock(new Date(moment), now),
  );
  return shortStorePath(style, printable(local));
}
