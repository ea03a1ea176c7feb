import type { FinalizationRecord } from "../core/record.ts";
import { isTerminal } from "../core/states.ts";
import { secondsBetween } from "../core/span.ts";
import { dateOf, shortDuration, timeOfDay } from "./age.ts";
import { reasonOf } from "./headline.ts";
import { rollbackName, shortId } from "./naming.ts";
import type { Style } from "./style.ts";
import { arrow, type Mark, markOf, paintMark, symbolCell } from "./symbols.ts";
import { type Cell, table } from "./table.ts";
import { forPeople } from "./timeline.ts";

/** A record of the history: read, or one that cannot be. */
export type Entry =
  | { readonly kind: "record"; readonly record: FinalizationRecord }
  | { readonly kind: "broken"; readonly id: string; readonly why: string };

/** From this width on there is room for whole ids. */
const WIDE = 100;

const COLUMNS = [
  { title: "" },
  { title: "id" },
  { title: "when" },
  { title: "action" },
  { title: "gen" },
  { title: "outcome" },
  { title: "took", align: "right" },
  { title: "reason", shrink: "end" },
] as const;

/** Below this width the lesser columns are left out. */
const NARROW = 80;
const LESSER: ReadonlySet<string> = new Set(["action", "gen"]);

/** The screen of `history`: one line a finalization, in the order given. */
export function historyScreen(style: Style, now: Date, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return ["nothing has been finalized on this host yet"];
  const rows = entries.map((entry) => drawEntry(style, now, entry));
  const isShown = (_: unknown, index: number): boolean =>
    style.width >= NARROW || !LESSER.has(COLUMNS[index]?.title ?? "");
  return table(
    style,
    COLUMNS.filter(isShown),
    rows.map((row) => row.filter(isShown)),
  );
}

function drawEntry(style: Style, now: Date, entry: Entry): Cell[] {
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

/** That the target is live says the outcome already, and that it was a rollback the first entry. */
function whyOf(record: FinalizationRecord): string {
  const { state, plan } = record;
  const rollback = rollbackName(record);
  const isSaid = state === "live" || (rollback !== null && state === "scheduled");
  const why = isSaid ? plan.reason : reasonOf(record);
  return rollback === null ? why : `${rollback}: ${why}`;
}

function painted(style: Style, mark: Mark, text: string): Cell {
  return { text, paint: (cell) => paintMark(style, mark, cell) };
}

function generations(style: Style, { previousGeneration, targetGeneration }: FinalizationRecord) {
  return `${previousGeneration ?? "?"} ${arrow(style)} ${targetGeneration ?? "?"}`;
}

/** From the scheduling to the end, or until now. */
function tookOf({ scheduledAt, state, timeline }: FinalizationRecord, now: Date): number {
  const end = isTerminal(state) ? (timeline.at(-1)?.at ?? scheduledAt) : now.toISOString();
  return secondsBetween(scheduledAt, end);
}

/** Without the seconds, and without the year where it is this one. */
function shortMoment(at: Date, now: Date): string {
  const date = at.getFullYear() === now.getFullYear() ? dateOf(at).slice(5) : dateOf(at);
  return `${date} ${timeOfDay(at).slice(0, 5)}`;
}
