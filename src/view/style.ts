import type { State } from "../core/states.ts";

export interface Style {
  readonly colour: "on" | "off";
  readonly symbols: "unicode" | "ascii";
  readonly width: number;
}

export const PLAIN: Style = { colour: "off", symbols: "ascii", width: 80 };

/** The screens need the one; beyond the other, lines are hard to read. */
const LEAST_WIDTH = 60;
const MOST_WIDTH = 120;

export interface Terminal {
  readonly columns: number;
  readonly rows?: number;
}

/** The size of a terminal; a serial line reports 0, or nothing. */
export function terminalOf({ columns = 0, rows = 0 }: Partial<Terminal>): Terminal {
  return { columns: columns === 0 ? PLAIN.width : columns, ...(rows > 0 && { rows }) };
}

/** Whether a screen can be drawn over the screen before: not on a dumb or narrow terminal. */
export function drawMode(
  terminal: Terminal | null,
  env: Readonly<Record<string, string | undefined>>,
): "in-place" | "line-by-line" {
  const isFit = terminal !== null && env["TERM"] !== "dumb" && terminal.columns >= LEAST_WIDTH;
  return isFit ? "in-place" : "line-by-line";
}

/**
 * The style for a terminal: no colours with NO_COLOR (https://no-color.org) or on a dumb terminal,
 * symbols only in a UTF-8 locale.
 *
 * @param terminal null for a file or a pipe
 */
export function styleFor(
  terminal: Terminal | null,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  if (terminal === null) return PLAIN;
  const isDumb = env["TERM"] === "dumb";
  const locales = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]];
  const locale = locales.find((name) => name !== undefined && name !== "") ?? "";
  return {
    colour: isDumb || (env["NO_COLOR"] ?? "") !== "" ? "off" : "on",
    symbols: !isDumb && /utf-?8/i.test(locale) ? "unicode" : "ascii",
    width: Math.max(LEAST_WIDTH, Math.min(terminal.columns, MOST_WIDTH)),
  };
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Paint = keyof typeof CODES;

export function paint({ colour }: Style, how: Paint, text: string): string {
  return colour === "off" || text === "" ? text : `\u001B[${CODES[how]}m${text}\u001B[0m`;
}

export function withoutColour(text: string): string {
  // oxlint-disable-next-line no-control-regex -- it looks for the escape
  return text.replaceAll(/\u001B\[\d+m/g, "");
}

export type Mark =
  | "good"
  | "bad"
  | "rollback"
  | "dropped"
  | "busy"
  | "waiting"
  | "warning"
  | "none";

const SYMBOLS: Readonly<Record<Mark, readonly [unicode: string, ascii: string, how: Paint]>> = {
  good: ["✓", "+", "green"],
  bad: ["✗", "x", "red"],
  rollback: ["↩", "<", "yellow"],
  dropped: ["–", "-", "dim"],
  busy: ["▶", ">", "cyan"],
  waiting: ["○", "o", "blue"],
  warning: ["!", "!", "yellow"],
  none: [" ", " ", "dim"],
};

export function symbol(style: Style, mark: Mark): string {
  const [unicode, ascii] = SYMBOLS[mark];
  return paintMark(style, mark, style.symbols === "unicode" ? unicode : ascii);
}

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
      return "rollback";
    case "live":
      return "good";
    case "failed":
      return "bad";
    case "superseded":
    case "cancelled":
      return "dropped";
  }
}
