import type { ExplainJson } from "../json/explain.ts";
import { duration } from "./age.ts";
import { hanging, told } from "./explain-text.ts";
import type { Style } from "./style.ts";
import { type Mark, symbol } from "./symbols.ts";
import { pairs } from "./table.ts";

/** What it would wait for, as that stands now. */
export function gates(style: Style, { gates: seen, delay }: ExplainJson): string[] {
  if (delay === null) return [];
  const marks = { open: "good", closed: "waiting", unknown: "warning" } as const;
  const source = { flag: "asked for", configuration: "configured", automatic: "automatic" };
  const all: readonly (readonly [Mark, string, string])[] = [
    ["none", "delay", `${duration(delay.seconds)}, ${source[delay.source]}`],
    ...seen.map(
      ({ name, state, why }) =>
        [marks[state], name, why === null ? state : `${state}: ${why}`] as const,
    ),
  ];
  return all.flatMap(([mark, name, text]) =>
    hanging(style, `${symbol(style, mark)} ${name}: `, text),
  );
}

/** What is looked at after the act. */
export function verification(
  style: Style,
  { verification: seen, decision }: ExplainJson,
): string[] {
  if (decision.action === "refuse") return [];
  const { settleSeconds, ignoreFailedUnits, checks, confirmWithinSeconds, rollback } = seen;
  const ignored = ignoreFailedUnits.length === 0 ? "" : `, less ${ignoreFailedUnits.join(", ")}`;
  return pairs(style, [
    ["units", told(style, `no new failure within ${duration(settleSeconds)}${ignored}`)],
    ["checks", told(style, checks.length === 0 ? "none" : checks.join(", "))],
    [
      "confirmation",
      confirmWithinSeconds === null ? "none" : `within ${duration(confirmWithinSeconds)}`,
    ],
    ["if not", rollback === "enabled" ? "goes back by itself" : "fails; does not go back"],
  ]);
}
