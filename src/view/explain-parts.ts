import { age, duration } from "../core/age.ts";
import type { FallbackJson } from "../json/fallback.ts";
import type { ExplainJson } from "../json/explain.ts";
import { arrow, type Mark, type Style, symbol } from "./style.ts";
import { pairs } from "./table.ts";
import { widthOf, wrap } from "./text.ts";
import { printable } from "../core/printable.ts";
import { forPeople } from "./timeline.ts";

export const INDENT = "  ";

/** Foreign text, made safe for the screen, with an arrow that the screen can show. */
export function told(style: Style, text: string): string {
  return printable(text).replaceAll("→", arrow(style));
}

export function hanging(style: Style, begin: string, text: string): string[] {
  const [first = "", ...rest] = wrap(style, told(style, text), style.width - widthOf(begin));
  return [`${begin}${first}`, ...rest.map((line) => `${" ".repeat(widthOf(begin))}${line}`)];
}

export type Row = readonly [label: string, list: string];

/** Each list after its label, broken between its items. */
export function rows(style: Style, all: readonly Row[]): string[] {
  return all.flatMap(([label, list]) => {
    if (list === "") return [];
    const [first = "", ...rest] = wrap(style, told(style, `${label}: ${list}`), style.width);
    const inner = { ...style, width: style.width - INDENT.length };
    const more = rest.length === 0 ? [] : wrap(inner, rest.join(" "), inner.width);
    return [first, ...more.map((line) => `${INDENT}${line}`)];
  });
}

/** What happens if the target does not come up; empty if nothing would reboot. */
export function fallbackLines(style: Style, { fallback }: Pick<ExplainJson, "fallback">): string[] {
  if (fallback === null) return [];
  const { wanted, loader, obstacle, waits, advice } = fallback;
  const answer = comesBackInWords(fallback);
  if (obstacle === null) {
    const text =
      `${answer}${waits === null ? "" : `: ${waits}`}. ${loader} boots the target once; ` +
      `if the host boots again before the target is verified, the system that runs now boots`;
    const lacks = advice.flatMap((line) => hanging(style, `${symbol(style, "warning")} `, line));
    return [...wrap(style, told(style, text), style.width), ...lacks];
  }
  const then = wanted === "require" ? "so it would not reboot" : "somebody must repair it";
  return wrap(style, told(style, `${answer}: ${obstacle}; ${then}`), style.width);
}

/** Without the reasons. */
export function comesBackInWords({ comesBack }: FallbackJson): string {
  switch (comesBack) {
    case "by-itself":
      return "this host would come back by itself";
    case "after-a-reset":
      return "this host would come back after a reset, but nothing resets it in every case";
    case "no":
      return "this host would not come back by itself";
  }
}

/** Which specialisation is activated; empty if none is. */
export function specialisation(style: Style, seen: ExplainJson): string[] {
  const { specialisation: wanted, decision } = seen;
  if (wanted === null || wanted.toplevel === null || decision.action === "refuse") return [];
  const after =
    decision.action === "reboot"
      ? "the boot loader boots the target; then this specialisation is activated, before the verification"
      : "it is activated; profile and boot default are the target";
  return wrap(style, told(style, `${wanted.name}: ${after}`), style.width);
}

export function units(style: Style, { units: seen, decision }: ExplainJson): string[] {
  if (decision.action === "refuse") return [];
  switch (seen.kind) {
    case "all":
      return rows(style, [
        ["all", "would stop, and start again after the boot"],
        ["CI runners among them", seen.runners.join(", ")],
      ]);
    case "unknown":
      return wrap(style, told(style, `unknown: ${seen.why}`), style.width);
    case "known": {
      const lists = [
        ["would restart", seen.restart],
        ["would stop", seen.stop],
        ["would start", seen.start],
        ["would reload", seen.reload],
        ["would keep running old code", seen.keep],
      ] as const;
      const filled = lists.filter(([, list]) => list.length > 0);
      const words = filled.map(([what, list]): Row => [what, list.map(unitInWords).join(", ")]);
      const shown = [...words, dependentRunners(seen)];
      const listed =
        words.length === 0 ? ["no unit would stop, start or reload"] : rows(style, shown);
      return [...listed, ...rows(style, systemdRow(seen))];
    }
  }
}

/** What a switch would do to the units of logged-in users; nothing if it changes none. */
export function userUnits(style: Style, { userUnits: seen }: ExplainJson): string[] {
  if (seen === null) return [];
  const lists: Row[] = [
    ["would restart, if they run", seen.restart.join(", ")],
    ["would stop, if they run", seen.stop.join(", ")],
    ["would reload, if they run", seen.reload.join(", ")],
    ["would keep running old code, if they run", seen.keep.join(", ")],
  ];
  const shown = lists.filter(([, which]) => which !== "");
  return shown.length === 0 ? [] : rows(style, [["users", seen.users.join(", ")], ...shown]);
}

function systemdRow({ systemd }: Units): Row[] {
  const text = "would re-execute itself; this stops no unit";
  return systemd === "restarts" ? [["systemd", text]] : [];
}

type Units = Extract<ExplainJson["units"], { kind: "known" }>;

function unitInWords(unit: Units["stop"][number] | Units["keep"][number]): string {
  const { name, role } = unit;
  const roles = role === null ? [] : [role === "ssh" ? "SSH" : "CI runner"];
  const whys = "why" in unit && unit.why !== "unknown" ? [unit.why] : [];
  const notes = [...roles, ...whys];
  return notes.length === 0 ? name : `${name} (${notes.join("; ")})`;
}

/** Runners that would stop because of their dependencies. */
function dependentRunners({ stop, restart, runners }: Units): Row {
  const named = new Set([...stop, ...restart].map(({ name }) => name));
  const others = runners.filter((name) => !named.has(name));
  return ["CI runners that would stop with a unit they depend on", others.join(", ")];
}

export function gates(style: Style, { gates: seen, delay }: ExplainJson, now: Date): string[] {
  if (delay === null) return [];
  const marks = { open: "good", closed: "waiting", unknown: "warning" } as const;
  const source = {
    flag: "from --delay",
    configuration: "from delay in the configuration",
    automatic: "chosen automatically",
  };
  const all: readonly (readonly [Mark, string, string])[] = [
    ["none", "delay:", `${duration(delay.seconds)}, ${source[delay.source]}`],
    ...seen.map((gate) => [marks[gate.state], gate.name, gateInWords(gate, now)] as const),
  ];
  return all.flatMap(([mark, name, text]) =>
    hanging(style, `${symbol(style, mark)} ${name} `, forPeople(style, text, now)),
  );
}

function gateInWords({ state, why, opensAt }: ExplainJson["gates"][number], now: Date): string {
  const when = opensAt === null ? "" : `, ${age(new Date(opensAt), now)}`;
  const words = `gate ${state}`;
  return why === null ? words : `${words}: ${why}${when}`;
}

const ON_FAILURE = {
  hold: "waits and tries again if its before fails",
  abort: "ends as failed, without acting, if its before fails",
  ignore: "acts also if its before fails",
} as const;

/** One line for each hook; nothing if there are none. */
export function hooks(style: Style, { hooks: seen }: Pick<ExplainJson, "hooks">): string[] {
  return seen.flatMap(({ name, before, after, timeoutSeconds, onFailure }) => {
    const parts = [
      ...(before === null ? [] : [`before: ${before.join(" ")}`]),
      ...(after === null ? [] : [`after: ${after.join(" ")}`]),
      `each within ${duration(timeoutSeconds)}`,
      ...(before === null ? [] : [ON_FAILURE[onFailure]]),
    ];
    return hanging(style, `${name} `, parts.join("; "));
  });
}

function bootInWords({
  bootWithinSeconds: limit,
}: ExplainJson["verification"]): [label: string, text: string] {
  const time = limit === null ? "" : ` within ${duration(limit)}`;
  return ["boot", `must get through${time}; emergency mode fails`];
}

export function verification(
  style: Style,
  { verification: seen, decision }: ExplainJson,
): string[] {
  if (decision.action === "refuse") return [];
  const { settleSeconds, ignoreFailedUnits, checks, confirmWithinSeconds, rollback } = seen;
  const ignored =
    ignoreFailedUnits.length === 0 ? "" : `, ignoring ${ignoreFailedUnits.join(", ")}`;
  return pairs(style, [
    ...(decision.action === "reboot" ? [bootInWords(seen)] : []),
    ["units", told(style, `no new failure within ${duration(settleSeconds)}${ignored}`)],
    ["checks", told(style, checks.length === 0 ? "none" : checks.join(", "))],
    [
      "confirmation",
      confirmWithinSeconds === null
        ? "not needed"
        : `needed within ${duration(confirmWithinSeconds)}`,
    ],
    [
      "if it fails",
      rollback === "enabled" ? "rolls back automatically" : "ends as failed, without a rollback",
    ],
  ]);
}
