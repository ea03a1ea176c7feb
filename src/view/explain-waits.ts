import type { ExplainJson } from "../json/explain.ts";
import { age, duration } from "./age.ts";
import { hanging, told } from "./explain-text.ts";
import type { Style } from "./style.ts";
import { type Mark, symbol } from "./symbols.ts";
import { pairs } from "./table.ts";
import { forPeople } from "./timeline.ts";

/** What it would wait for, as that stands now. */
export function gates(style: Style, { gates: seen, delay }: ExplainJson, now: Date): string[] {
  if (delay === null) return [];
  const marks = { open: "good", closed: "waiting", unknown: "warning" } as const;
  const source = { flag: "asked for", configuration: "configured", automatic: "automatic" };
  const all: readonly (readonly [Mark, string, string])[] = [
    ["none", "delay", `${duration(delay.seconds)}, ${source[delay.source]}`],
    ...seen.map((gate) => [marks[gate.state], gate.name, gateInWords(gate, now)] as const),
  ];
  return all.flatMap(([mark, name, text]) =>
    hanging(style, `${symbol(style, mark)} ${name}: `, forPeople(style, text, now)),
  );
}

function gateInWords({ state, why, opensAt }: ExplainJson["gates"][number], now: Date): string {
  const when = opensAt === null ? "" : `, ${age(new Date(opensAt), now)}`;
  return why === null ? state : `${state}: ${why}${when}`;
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
