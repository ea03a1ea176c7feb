/**
 * Every gate by its name, and what `deploy-finalize now` does about it. `passed`: the wish to act now
 * opens it. `named`: only if it is named. `kept`: never, because NixOS or systemd would refuse the act.
 */
const GATES_FOR_NOW = {
  delay: "passed",
  boot: "kept",
  "reboot window": "passed",
  "switch window": "passed",
  session: "named",
  "forge job": "named",
  "switch lock": "kept",
  "CI job": "named",
  units: "named",
  "shutdown inhibitors": "named",
  storage: "named",
  alerts: "named",
  rollout: "named",
  "fleet lock": "named",
  "logged-in users": "passed",
} as const satisfies Readonly<Record<string, ForNow>>;

type ForNow = "passed" | "named" | "kept";
type OwnGate = keyof typeof GATES_FOR_NOW;
/** One of `waitFor.commands` has the name that it has there. */
export type GateName = OwnGate | `command ${string}`;

const COMMAND = "command ";

function isOwnGate(text: string): text is OwnGate {
  return Object.hasOwn(GATES_FOR_NOW, text);
}

export function isGateName(text: string): text is GateName {
  return isOwnGate(text) || text.startsWith(COMMAND);
}

export const OWN_GATES: readonly OwnGate[] = Object.keys(GATES_FOR_NOW).filter(isOwnGate);

export function forNow(gate: GateName): ForNow {
  return isOwnGate(gate) ? GATES_FOR_NOW[gate] : "named";
}

/** Those that somebody may name to act past them, without those of `waitFor.commands`. */
export const NAMED_FOR_NOW: readonly GateName[] = OWN_GATES.filter(
  (name) => forNow(name) === "named",
);

export function commandGateName(command: string): GateName {
  return `${COMMAND}${command}`;
}

/** Whether a finalization that is to act now does not wait for a gate. */
export function isPassed(past: readonly string[], gate: string): boolean {
  if (!isGateName(gate)) return false;
  switch (forNow(gate)) {
    case "passed":
      return true;
    case "named":
      return past.includes(gate);
    case "kept":
      return false;
  }
}

/** A name as a word of a command line: the spaces of `CI job` need no quotes then. */
export function asWord(gate: string): string {
  return gate.toLowerCase().replaceAll(" ", "-");
}

/** The gate of that name, or of that word; null if there is none. */
export function gateNamed(text: string): GateName | null {
  const word = asWord(text);
  const own = OWN_GATES.find((gate) => asWord(gate) === word);
  if (own !== undefined) return own;
  return word.startsWith(asWord(COMMAND)) ? commandGateName(word.slice(COMMAND.length)) : null;
}
