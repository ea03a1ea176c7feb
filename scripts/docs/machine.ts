import { TABLE } from "../../src/core/machine/table.ts";
import { isTerminal, STATES, TRANSITIONS, type UnfinishedState } from "../../src/core/states.ts";

const BEGIN =
  "<!-- The state machine: made from src/core/machine/table.ts by `make docs`, do not edit. -->\n";
const END = "<!-- The end of the state machine. -->\n";

/** What a process does that takes a record up, by the state that it finds. */
const CRASH_RULES: { readonly [S in UnfinishedState]: readonly [sameBoot: string, later: string] } =
  {
    scheduled: [
      "waits for its gates",
      "booted is the target: verifies; else waits and decides again",
    ],
    waiting: [
      "waits for its gates",
      "booted is the target: verifies; else waits and decides again",
    ],
    switching: [
      "switches again: a switch may run twice",
      "booted is the target: verifies; else fell back",
    ],
    rebooting: [
      "asks again; if a gate has closed meanwhile, waits for its gates",
      "booted is the target: verifies; else fell back",
    ],
    verifying: [
      "verifies again",
      "the reboot into the target came up with the previous system: fell back; else verifies again",
    ],
    "rolling-back": [
      "rolls back again",
      "no reboot back was asked for: rolls back again; the previous system came up: verifies it; else failed",
    ],
  };

/**
 * ARCHITECTURE.md with the parts that tell of the state machine made again.
 *
 * @throws RangeError if the page lacks the comments that enclose them
 */
export function architecturePage(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new RangeError(`ARCHITECTURE.md lacks ${BEGIN} or ${END}`);
  const parts = [diagram(), crashRules(), events()].join("\n\n");
  return `${page.slice(0, from)}${BEGIN}\n${parts}\n\n${page.slice(to)}`;
}

/** A Mermaid state diagram. */
function diagram(): string {
  const edges = STATES.flatMap((from) => TRANSITIONS[from].map((to) => `  ${from} --> ${to}`));
  const ends = STATES.filter(isTerminal).map((state) => `  ${state} --> [*]`);
  const lines = ["stateDiagram-v2", "  [*] --> scheduled", ...edges, ...ends];
  return ["```mermaid", ...lines, "```"].join("\n");
}

function crashRules(): string {
  const ended = "ends what a killed process has left: runners, turn, slot, pins";
  const rows = STATES.map((state) => {
    const rules = isTerminal(state) ? [ended, "the same"] : CRASH_RULES[state];
    const handler = TABLE[state].started?.name ?? "none";
    return [`\`${state}\``, ...rules, `\`${handler}\``];
  });
  const head = ["taken up in", "in the same boot", "after another boot", "handler"];
  return table(head, rows);
}

/** The events that may come, with the handler of each. `started` is in the table above. */
function events(): string {
  const effects = new Map<string, string[]>();
  for (const [phase, handlers] of Object.entries(TABLE)) {
    const [state = "", effect] = phase.split(": ");
    if (effect === undefined) continue;
    const named = Object.entries(handlers).map(([kind, on]) => `\`${kind}\` → \`${on.name}\``);
    const key = `\`${state}\` | ${named.join("<br>")}`;
    effects.set(key, [...(effects.get(key) ?? []), `\`${effect}\``]);
  }
  const rows = [...effects].map(([key, during]) => {
    const [state = "", handlers = ""] = key.split(" | ");
    return [state, during.join("<br>"), handlers];
  });
  return table(["state", "effect in progress", "event → handler"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return lines.join("\n");
}
