import { type Style, withoutColour } from "./style.ts";

/** Characters that take two columns, after Unicode's East Asian Width; a font may differ. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;

const INVISIBLE = /[\p{Mn}\p{Me}\p{Cf}]/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColour(text)) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (character <= "~") return 1;
  if (INVISIBLE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function ellipsis({ symbols }: Style): string {
  return symbols === "unicode" ? "…" : "...";
}

/** Cuts a text, which has no colours, at the end. */
export function cut(style: Style, text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const mark = ellipsis(style).slice(0, Math.max(0, width));
  return `${takeColumns(Array.from(text), width - mark.length).trimEnd()}${mark}`;
}

/** Cuts a text, which has no colours, in the middle, because the end of a path matters most. */
export function cutMiddle(style: Style, text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const mark = ellipsis(style);
  const left = Math.floor((width - mark.length) / 3);
  const right = width - mark.length - left;
  if (left < 1) return cut(style, text, width);
  const end = Array.from(takeColumns(Array.from(text).toReversed(), right))
    .toReversed()
    .join("");
  return `${takeColumns(Array.from(text), left)}${mark}${end}`;
}

function takeColumns(characters: readonly string[], width: number): string {
  let taken = "";
  let used = 0;
  for (const character of characters) {
    used += columnsOf(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}

/**
 * Shortens the hash of store paths: `/nix/store/k3f9…-nixos-system-web1`.
 */
export function shortStorePath(style: Style, path: string): string {
  return path.replaceAll(
    /(\/nix\/store\/[0-9a-z]{4})[0-9a-z]{28}-/g,
    (_, start: string) => `${start}${ellipsis(style)}-`,
  );
}

/** Breaks a text, which has no colours, into lines at its spaces; a word too long for a line is cut. */
export function wrap(style: Style, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const fitting = cutMiddle(style, word, width);
    if (line === "") line = fitting;
    else if (widthOf(line) + 1 + widthOf(fitting) <= width) line += ` ${fitting}`;
    else {
      lines.push(line);
      line = fitting;
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}
