import type { ExplainJson } from "../json/explain.ts";
import { hanging, told } from "./explain-text.ts";
import type { Style } from "./style.ts";
import { symbol } from "./symbols.ts";
import { wrap } from "./text.ts";

/** What becomes of a target that does not come up; nothing where nothing would reboot. */
export function fallbackLines(style: Style, { fallback }: Pick<ExplainJson, "fallback">): string[] {
  if (fallback === null) return [];
  const { wanted, loader, obstacle, advice } = fallback;
  if (obstacle === null) {
    const text =
      `${loader} boots the target once; until it is verified, ` +
      `every other boot brings the running system up`;
    const lacks = advice.flatMap((line) => hanging(style, `${symbol(style, "warning")} `, line));
    return [...wrap(style, told(style, text), style.width), ...lacks];
  }
  const then = wanted === "require" ? "it would not reboot" : "somebody would have to help";
  return wrap(style, told(style, `no fallback: ${obstacle}; ${then}`), style.width);
}
