/**
 * Control characters, line and paragraph separators, and what changes the direction of a text: a
 * terminal or the journal would take them for more than text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu;

/** Longer lines are cut, in characters: one process must not fill the journal or a record. */
const MOST_CHARACTERS = 4000;

/** A text of somebody else without what only looks like text. It stays as long as it is. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- it looks for control sequences
  return text.replaceAll(/(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]/g, "").replaceAll(UNPRINTABLE, " ");
}

/** A text, which may contain words of somebody else, as one printable line of bounded length. */
export function printableLine(text: string, most: number = MOST_CHARACTERS): string {
  const line = printable(text.slice(0, 4 * most));
  return line.length <= most ? line : `${line.slice(0, most)}...`;
}

/** The same for output of a program, whose lines stay lines. */
export function printableLines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line))
    .join("\n");
}

/** A value as JSON that steers no terminal: what is not printable is escaped, so the value stays the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, (text) =>
    text
      .split("")
      .map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
