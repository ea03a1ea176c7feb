import type { State } from "../core/states.ts";
import { type Paint, paint, type Style } from "./style.ts";
import type { Cell } from "./table.ts";

/** What a line is about, at a glance. */
export type Mark = "good" | "bad" | "back" | "dropped" | "busy" | "waiting" | "warning" | "none";

const SYMBOLS: Readonly<Record<Mark, readonly [unicode: string, ascii: string, how: Paint]>> = {
  good: ["✓", "+", "green"],
  bad: ["✗", "x", "red"],
  back: ["↩", "<", "yellow"],
  dropped: ["–", "-", "dim"],
  busy: ["▶", ">", "cyan"],
  waiting: ["○", "o", "blue"],
  warning: ["!", "!", "yellow"],
  none: [" ", " ", "dim"],
};

/** A symbol of one column, in its colour. */
export function symbol(style: Style, mark: Mark): string {
  const [unicode, ascii] = SYMBOLS[mark];
  return paintMark(style, mark, style.symbols === "unicode" ? unicode : ascii);
}

/** A symbol as the cell of a table. */
export function symbolCell(style: Style, mark: Mark): Cell {
  return { text: " ", paint: () => symbol(style, mark) };
}

/** Text in the colour of a mark. */
export function paintMark(style: Style, mark: Mark, text: string): string {
  return mark === "none" ? text : paint(style, SYMBOLS[mark][2], text);
}

export function arrow({ symbols }: Style): string {
  return symbols === "unicode" ? "→" : "->";
}

export function markOf(state: State): Mark {
  switch (state) {
    case "scheduled":
    case "waiting":
      return "waiting";
    case "switching":
    case "rebooting":
    case "verifying":
      return "busy";
    case "rolling-back":
    case "rolled-back":
      return "back";
    case "live":
      return "good";
    case "failed":
      return "bad";
    case "superseded":
    case "cancelled":
      return "dropped";
  }
}
