import { paint, type Style } from "./style.ts";
import { cut, cutMiddle, padEnd, padStart, widthOf } from "./text.ts";
import { printable } from "../core/printable.ts";

export interface Column {
  /** Its heading; a table whose headings are all empty has none. */
  readonly title: string;
  readonly align?: "left" | "right";
  /** Where a cell is cut if the table is too wide; without it, never. */
  readonly shrink?: "end" | "middle";
}

/** The text of a cell, and its colour, which is applied after the cut. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = "  ";

/**
 * Rows in columns as wide as their widest cell, without control characters. If the table is wider
 * than the screen, the columns that may shrink do so, the widest first.
 */
export function table(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string[] {
  const widths = shrink(style, columns, naturalWidths(columns, rows));
  const lines = rows.map((row) => drawRow(style, columns, widths, row));
  if (columns.every(({ title }) => title === "")) return lines;
  const heading = columns.map(({ title }) => ({
    text: title,
    paint: (text: string) => paint(style, "dim", text),
  }));
  return [drawRow(style, columns, widths, heading), ...lines];
}

/** Names and values, one pair a line; long values are cut in the middle. */
export function pairs(
  style: Style,
  rows: readonly (readonly [name: Cell, value: Cell])[],
): string[] {
  return table(style, [{ title: "" }, { title: "", shrink: "middle" }], rows);
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[index])))),
  );
}

const LEAST = 4;

function shrink({ width }: Style, columns: readonly Column[], natural: number[]): number[] {
  const widths = [...natural];
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, gaps) - width;
  while (excess > 0) {
    const able = widths.map((each, index) => (columns[index]?.shrink === undefined ? 0 : each));
    const widest = Math.max(...able);
    if (widest <= LEAST) break;
    const at = able.indexOf(widest);
    const next = Math.max(LEAST, ...able.filter((each, index) => index !== at && each < widest));
    const step = Math.min(excess, Math.max(1, widest - next));
    widths[at] = widest - step;
    excess -= step;
  }
  return widths;
}

function drawRow(
  style: Style,
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly Cell[],
): string {
  const cells = columns.map((column, index) => {
    const width = widths[index] ?? 0;
    const cell = row[index];
    const text = fit(style, column, textOf(cell), width);
    const painted = typeof cell === "object" ? cell.paint(text) : text;
    return column.align === "right" ? padStart(painted, width) : padEnd(painted, width);
  });
  return cells.join(GAP).trimEnd();
}

function fit(style: Style, { shrink: where }: Column, text: string, width: number): string {
  return where === "middle" ? cutMiddle(style, text, width) : cut(style, text, width);
}

function textOf(cell: Cell | undefined): string {
  return printable(typeof cell === "object" ? cell.text : (cell ?? ""));
}
