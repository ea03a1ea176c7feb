import { printable } from "../../core/printable.ts";
import type { SetUpJson } from "../../json/set-up.ts";
import { paint, type Style } from "../style.ts";
import { padEnd, widthOf, wrap } from "../text.ts";

/** What works of the set-up, and what to do about the rest. */
export function setUpScreen(style: Style, { parts }: SetUpJson): string[] {
  const names = Math.max(0, ...parts.map(({ name }) => widthOf(name)));
  const indent = " ".repeat(names + 2);
  return parts.flatMap(({ name, works, said, advice }) => {
    const verdict = works ? paint(style, "green", "works") : paint(style, "red", "fails");
    const texts = advice === null ? [said] : [said, advice];
    const lines = texts.flatMap((text) => wrap(style, printable(text), style.width - names - 2));
    return [`${padEnd(printable(name), names)}  ${verdict}`, ...lines.map((line) => indent + line)];
  });
}
