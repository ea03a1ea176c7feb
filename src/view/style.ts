/** What a screen is drawn on. */
export interface Style {
  readonly colour: "on" | "off";
  readonly symbols: "unicode" | "ascii";
  /** Columns. */
  readonly width: number;
}

/** The screen of scripts, files and pipes. */
export const PLAIN: Style = { colour: "off", symbols: "ascii", width: 80 };

/** What no screen can do without, and beyond which lines are hard to read. */
const LEAST_WIDTH = 60;
const MOST_WIDTH = 120;

export interface Terminal {
  readonly columns: number;
  /** Lines, where it tells. */
  readonly rows?: number;
}

/** @param size as the terminal tells it; a serial line tells 0, or nothing */
export function terminalOf({ columns = 0, rows = 0 }: Partial<Terminal>): Terminal {
  return { columns: columns === 0 ? PLAIN.width : columns, ...(rows > 0 && { rows }) };
}

/** Whether a screen can be drawn over the one before: not on a dumb terminal, and not where its lines break. */
export function wayToDraw(
  terminal: Terminal | null,
  env: Readonly<Record<string, string | undefined>>,
): "in-place" | "line-by-line" {
  const isFit = terminal !== null && env["TERM"] !== "dumb" && terminal.columns >= LEAST_WIDTH;
  return isFit ? "in-place" : "line-by-line";
}

/**
 * What the terminal can show: colours never with NO_COLOR (https://no-color.org) or
 * on a dumb one, symbols only in a UTF-8 locale.
 *
 * @param terminal null where the output goes to a file or a pipe
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

/** The text without colours, as it is on the screen. */
export function withoutColour(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape is what is looked for
  return text.replaceAll(/\u001B\[\d+m/g, "");
}
