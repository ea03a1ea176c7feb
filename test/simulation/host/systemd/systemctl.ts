import { REFUSAL } from "../logind/logind.ts";
import type { Machine } from "../machine.ts";
import type { Body, Program, ProgramEnd } from "../program.ts";
import { SimulationError } from "../../kernel/errors.ts";
import { propertyOf, startPlain, type Unit } from "./units.ts";

/** systemctl(1), as far as the program calls it. */
export function* systemctl(machine: Machine, program: Program): Body {
  yield "step";
  const { systemd } = machine;
  if (machine.clocks.monoMs < systemd.silentUntil) return SILENT;
  const words = program.argv.slice(1);
  const verbAt = words.findIndex((word) => !word.startsWith("--"));
  const verb = words[verbAt] ?? "";
  const rest = words.slice(verbAt + 1);
  const units = rest.includes("--") ? rest.slice(rest.indexOf("--") + 1) : [];
  switch (verb) {
    case "show":
      program.say(shown(systemd.units, rest, units, systemd.state));
      break;
    case "list-units":
      for (const unit of systemd.units.values()) program.say(line(unit));
      break;
    case "list-jobs":
      break;
    case "start":
      // What logind itself does for a reboot.
      if (rest.includes("reboot.target")) return yield* reboot(machine);
      for (const name of units) {
        const unit = systemd.units.get(name);
        if (unit?.active === "deactivating") unit.job = "start";
        if (unit === undefined || !systemd.isDown(name)) continue;
        if (unit.service === null) startPlain(unit, machine.clocks);
        else systemd.queueStart(unit);
      }
      break;
    case "stop":
      for (const name of units) systemd.stop(name);
      if (rest.includes("--no-block")) break;
      yield { until: () => units.every((name) => systemd.isDown(name)) };
      break;
    case "reboot":
      if (machine.logind?.isBlocked() === true && !words.includes("--check-inhibitors=no")) {
        return { exitCode: 1, stderr: REFUSAL };
      }
      return yield* reboot(machine);
    default:
      throw new SimulationError(`systemctl ${verb} is not simulated`);
  }
  return { exitCode: 0 };
}

export const SILENT: ProgramEnd = {
  exitCode: 1,
  stderr: "Failed to connect to system scope bus: Transport endpoint is not connected",
};

function* reboot(machine: Machine): Body {
  const { systemd } = machine;
  if (systemd.state === "stopping") return { exitCode: 0 };
  machine.run("shutdown", systemd.shutdown());
  systemd.state = "stopping";
  yield "step";
  return { exitCode: 0 };
}

function line({ name, active, sub }: Unit): string {
  return `${name} loaded ${active} ${sub} text\n`;
}

function shown(
  all: ReadonlyMap<string, Unit>,
  words: readonly string[],
  wanted: readonly string[],
  state: string,
): string {
  const list = words.find((word) => word.startsWith("--property="))?.slice("--property=".length);
  const properties = (list ?? "").split(",");
  if (properties[0] === "SystemState") return aboutItself(state, words);
  const matching = (pattern: string): string[] => {
    const [start = "", end = ""] = pattern.split("*");
    return [...all.keys()].filter((name) => name.startsWith(start) && name.endsWith(end));
  };
  const names = wanted.flatMap((name) => (name.includes("*") ? matching(name) : [name]));
  if (words.includes("--value")) {
    return names.map((name) => `${propertyOf(name, all.get(name), list ?? "")}\n`).join("\n");
  }
  const block = (name: string): string =>
    properties
      .map((property) => `${property}=${propertyOf(name, all.get(name), property)}\n`)
      .join("");
  return names.map(block).join("\n");
}

function aboutItself(state: string, words: readonly string[]): string {
  if (words.includes("--value")) return `${state}\n`;
  return `SystemState=${state}\nUserspaceTimestampMonotonic=0\n`;
}
