import type { Machine } from "./host/machine.ts";
import { nixEnv } from "./host/nix.ts";
import type { Body } from "./host/program.ts";
import { type Switching, switchToConfiguration } from "./host/switch.ts";
import type { System } from "./host/systems.ts";

export interface Deployment {
  readonly system: System;
  readonly switching: Switching;
  /** Calls `schedule`; `whenOver` is called at its end. */
  readonly schedule: (whenOver: () => void) => void;
}

/** A deployer: sets the profile, then the boot default, then calls `schedule`. It undoes nothing. */
export function* deploy(machine: Machine, deployment: Deployment): Body {
  const { system, switching, schedule } = deployment;
  const set = yield* nixEnv(machine.disk, ["--set", system.path]);
  if (set.exitCode !== 0) return set;
  for (;;) {
    const exitCode = yield* setBootDefault(machine, system, switching);
    if (exitCode === 0) break;
    if (exitCode !== 11) return { exitCode };
    // Another activation holds the lock.
    yield { ms: 500 };
  }
  let isOver = false;
  schedule(() => {
    isOver = true;
  });
  yield { until: () => isOver };
  return { exitCode: 0 };
}

/** In a program of its own, because it holds the switch lock. */
function* setBootDefault(
  machine: Machine,
  { path }: System,
  switching: Switching,
): Generator<{ until: () => boolean }, number, void> {
  let end: number | null = null;
  machine.programs.run([`${path}/bin/switch-to-configuration`, "boot"], function* run(program) {
    const { exitCode } = yield* switchToConfiguration(machine, program, switching);
    end = exitCode;
    return { exitCode };
  });
  yield { until: () => end !== null };
  return end ?? 1;
}
