import type { ExplainJson } from "../json/explain.ts";
import { type Row, rows, told } from "./explain-text.ts";
import type { Style } from "./style.ts";
import { wrap } from "./text.ts";

/** What the act would do to units. */
export function units(style: Style, { units: seen, decision }: ExplainJson): string[] {
  if (decision.action === "refuse") return [];
  switch (seen.kind) {
    case "all":
      return rows(style, [["all", "stop and start with the reboot"], runnersRow(seen.runners)]);
    case "unknown":
      return wrap(style, told(style, `unknown: ${seen.why}`), style.width);
    case "known": {
      const lists = [
        ["would restart", seen.restart],
        ["would stop", seen.stop],
        ["would start", seen.start],
        ["would reload", seen.reload],
        ["changed, but stay as they are", seen.keep],
      ] as const;
      const filled = lists.filter(([, list]) => list.length > 0);
      const words = filled.map(([what, list]): Row => [what, list.map(unitInWords).join(", ")]);
      const shown = [...words, bystanders(seen)];
      const listed = words.length === 0 ? ["none would stop, start or reload"] : rows(style, shown);
      return [...listed, ...rows(style, systemdRow(seen))];
    }
  }
}

function systemdRow({ systemd }: Units): Row[] {
  const anew = "would execute itself anew; no unit stops by that";
  return systemd === "restarts" ? [["systemd", anew]] : [];
}

type Units = Extract<ExplainJson["units"], { kind: "known" }>;

function unitInWords({ name, role }: Units["stop"][number]): string {
  if (role === null) return name;
  return `${name} (${role === "ssh" ? "SSH" : "CI runner"})`;
}

/** Runners that stop because of what they depend on. */
function bystanders({ stop, restart, runners }: Units): Row {
  const named = new Set([...stop, ...restart].map(({ name }) => name));
  return runnersRow(runners.filter((name) => !named.has(name)));
}

function runnersRow(runners: readonly string[]): Row {
  return ["CI runners that stop with them", runners.join(", ")];
}
