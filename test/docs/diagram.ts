import { isTerminal, STATES, TRANSITIONS } from "../../src/core/states.ts";

/** The state machine as a Mermaid state diagram: what ARCHITECTURE.md shows, so that it cannot drift. */
export function stateDiagram(): string {
  const edges = STATES.flatMap((from) => TRANSITIONS[from].map((to) => `  ${from} --> ${to}`));
  const ends = STATES.filter(isTerminal).map((state) => `  ${state} --> [*]`);
  return ["stateDiagram-v2", "  [*] --> scheduled", ...edges, ...ends].join("\n");
}
