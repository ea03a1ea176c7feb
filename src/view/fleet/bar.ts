import type { FleetHostJson } from "../../json/fleet.ts";
import { type Paint, paint, type Style } from "../style.ts";
import { countsOf, type Standing } from "./counts.ts";

/** The parts of a bar, from the left, with what stands for them, also without colours. */
const PARTS: readonly (readonly [
  of: readonly Standing[],
  unicode: string,
  ascii: string,
  how: Paint,
])[] = [
  [["live"], "█", "#", "green"],
  [["failed"], "✗", "x", "red"],
  [["soaking"], "▓", "=", "cyan"],
  [["acting"], "▒", ">", "cyan"],
  [["waiting", "left out", "cancelled", "not joined"], "░", ".", "dim"],
];

/** The hosts of a wave as a bar of so many columns. A part with a host has a column if there are enough. */
export function bar(style: Style, hosts: readonly FleetHostJson[], columns: number): string {
  const counts = countsOf(hosts);
  const parts = PARTS.map(([of]) => of.reduce((sum, one) => sum + counts[one], 0));
  const widths = shares(parts, columns);
  return PARTS.map(([, unicode, ascii, how], index) => {
    const sign = style.symbols === "unicode" ? unicode : ascii;
    return paint(style, how, sign.repeat(widths[index] ?? 0));
  }).join("");
}

/**
 * Divides columns in proportion, with at least one for each part that is not empty: the largest
 * parts give up what the others need.
 */
export function shares(parts: readonly number[], columns: number): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (total === 0) return parts.map(() => 0);
  const widths = parts.map((part) =>
    part === 0 ? 0 : Math.max(1, Math.floor((part * columns) / total)),
  );
  for (let left = columns - widths.reduce((sum, width) => sum + width, 0); left !== 0;) {
    const largest = widths.indexOf(Math.max(...widths));
    const change = left > 0 ? left : -1;
    widths[largest] = (widths[largest] ?? 0) + change;
    left -= change;
  }
  return widths;
}
