import type { Style } from "./style.ts";
import { arrow } from "./symbols.ts";
import { printable, widthOf, wrap } from "./text.ts";

export const INDENT = "  ";

/** Text of others, safe for a screen and with the arrow that it can show. */
export function told(style: Style, text: string): string {
  return printable(text).replaceAll("→", arrow(style));
}

/** A text that goes on under itself. */
export function hanging(style: Style, begin: string, text: string): string[] {
  const [first = "", ...rest] = wrap(style, told(style, text), style.width - widthOf(begin));
  return [`${begin}${first}`, ...rest.map((line) => `${" ".repeat(widthOf(begin))}${line}`)];
}

/** What is so, and of what it is so. */
export type Row = readonly [what: string, which: string];

/** Each list below its name, broken between its items. */
export function rows(style: Style, all: readonly Row[]): string[] {
  return all.flatMap(([what, which]) => {
    if (which === "") return [];
    const [first = "", ...rest] = wrap(style, told(style, `${what}: ${which}`), style.width);
    const inner = { ...style, width: style.width - INDENT.length };
    const more = rest.length === 0 ? [] : wrap(inner, rest.join(" "), inner.width);
    return [first, ...more.map((line) => `${INDENT}${line}`)];
  });
}
