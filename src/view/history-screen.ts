import type { FinalizationRecord } from "../core/record/record.ts";
import { isTerminal } from "../core/states.ts";
import { secondsBetween } from "../core/span.ts";
import { dateOf, shortDuration, timeOfDay } from "../core/age.ts";
import { reasonOf, originName, shortId } from "./headline.ts";
import { arrow, type Mark, markOf, paintMark, type Style, symbol } from "./style.ts";
import { type Cell, table } from "./table.ts";
import { forPeople } from "./timeline.ts";

/** A record of the history, or why it cannot be read. */
export type HistoryEntry =
  | { readonly kind: "record"; readonly record: FinalizationRecord }
  | { readonly kind: "broken"; readonly id: string; readonly why: string };

/** From this width on, whole IDs fit. */
const WIDE = 100;

const COLUMNS = [
  { title: "" },
  { title: "id" },
  { title: "scheduled" },
  { title: "action" },
  { title: "gen" },
  { title: "state" },
  { title: "took", align: "right" },
  { title: "reason", shrink: "end" },
] as const;

/** Below this width, two columns are left out. */
const NARROW = 80;
const OPTIONAL: ReadonlySet<string> = new Set(["action", "gen"]);

export function historyScreen(style: Style, now: Date, entries: readonly HistoryEntry[]): string[] {
  if (entries.length === 0) return ["no finalization on this host yet"];
  const rows = entries.map((entry) => drawEntry(style, now, entry));
  const isShown = (_: unknown, index: number): boolean =>
    style.width >= NARROW || !OPTIONAL.has(COLUMNS[index]?.title ?? "");
  return table(
    style,
    COLUMNS.filter(isShown),
    rows.map((row) => row.filter(isShown)),
  );
}

function drawEntry(style: Style, now: Date, entry: HistoryEntry): Cell[] {
  const id = entry.kind === "record" ? entry.record.id : entry.id;
  const name = style.width >= WIDE ? id : shortId(id);
  if (entry.kind === "broken") {
    const why = forPeople(style, entry.why, now);
    return [symbolCell(style, "bad"), name, "", "", "", painted(style, "bad", "broken"), "", why];
  }
  const { record } = entry;
  const mark = markOf(record.state);
  return [
    symbolCell(style, mark),
    name,
    shortMoment(new Date(record.scheduledAt), now),
    record.plan.action,
    generations(style, record),
    painted(style, mark, record.state),
    shortDuration(tookOf(record, now)),
    forPeople(style, whyOf(record), now),
  ];
}

/** Not the reason if it only repeats the outcome `live` or that it is a rollback. */
function whyOf(record: FinalizationRecord): string {
  const { state, plan } = record;
  const rollback = originName(record);
  const isRepeated = state === "live" || (rollback !== null && state === "scheduled");
  const why = isRepeated ? plan.reason : reasonOf(record);
  return rollback === null ? why : `${rollback}: ${why}`;
}

function symbolCell(style: Style, mark: Mark): Cell {
  return { text: " ", paint: () => symbol(style, mark) };
}

function painted(style: Style, mark: Mark, text: string): Cell {
  return { text, paint: (cell) => paintMark(style, mark, cell) };
}

function generations(style: Style, { previousGeneration, targetGeneration }: FinalizationRecord) {
  return `${previousGeneration ?? "?"} ${arrow(style)} ${targetGeneration ?? "?"}`;
}

function tookOf({ scheduledAt, state, timeline }: FinalizationRecord, now: Date): number {
  const end = isTerminal(state) ? (timeline.at(-1)?.at ?? scheduledAt) : now.toISOString();
  return secondsBetween(scheduledAt, end);
}

/** Without seconds, and without the present year. */
export function shortMoment(at: Date, now: Date): string {
  const date = at.getFullYear() === now.getFullYear() ? dateOf(at).slice(5) : dateOf(at);
  return `${date} ${timeOfDay(at).slice(0, 5)}`;
}
