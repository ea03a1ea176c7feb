import { SimulationError } from "../../kernel/errors.ts";
import type { Machine } from "../machine.ts";
import type { Body, Program } from "../program.ts";

/** systemd-notify(1): it speaks for the process that calls it, and waits until it was heard. */
export function* systemdNotify({ systemd, clocks }: Machine, program: Program): Body {
  yield "step";
  if (program.argv[1] !== "STOPPING=1") {
    throw new SimulationError(`systemd-notify is not simulated with ${program.argv[1]}`);
  }
  yield { until: () => clocks.monoMs >= systemd.silentUntil };
  if (program.parent !== null) systemd.isEnding(program.parent.process);
  yield "step";
  return { exitCode: 0 };
}
