import { SimulationError } from "../../kernel/errors.ts";
import type { Machine } from "../machine.ts";
import { type Body, once, type Program } from "../program.ts";

const BLOCK = ["shutdown", "borg", "a backup runs", "block", 0, 4711];

/** busctl(1), as far as the program asks logind. Without a logind there is no bus. */
export function busctl(machine: Machine, program: Program): Body {
  const { logind, systemd } = machine;
  if (logind === null) return once(() => ({ exitCode: 1 }));
  const { argv } = program;
  return once(() => {
    program.say(answers());
    return "";
  });
  function answers(): string {
    if (argv.includes("ListInhibitors")) return line([logind?.isBlocked() === true ? [BLOCK] : []]);
    if (!argv.includes("ScheduledShutdown")) {
      throw new SimulationError(`busctl is not simulated with ${argv.join(" ")}`);
    }
    return line(systemd.state === "stopping") + line(["", 0]);
  }
}

function line(data: unknown): string {
  return `${JSON.stringify({ data })}\n`;
}
