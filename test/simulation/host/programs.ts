import { SimulationError } from "../kernel/errors.ts";
import { setOneShot } from "./boot.ts";
import { flock } from "./flock.ts";
import { busctl } from "./logind/busctl.ts";
import type { Machine, Programs } from "./machine.ts";
import { nixEnv } from "./nix.ts";
import { type Body, once, type Program, type ProgramEnd } from "./program.ts";
import { type Switching, switchToConfiguration, WOULD_RESTART } from "./switch.ts";
import { systemdRun } from "./systemd/systemd-run.ts";
import { systemctl } from "./systemd/systemctl.ts";
import { systemdNotify } from "./systemd/systemd-notify.ts";
import { DRAINING_PROCESS } from "./systemd/units.ts";
import { PROFILE } from "./systems.ts";
import { calendar } from "./window.ts";

export interface ProgramsGiven extends Switching {
  readonly hear: (report: string) => "taken" | "refused";
  /** Whether a job runs on the runner. */
  readonly isRunnerBusy: () => boolean;
  /** Runs a program of a hook. */
  readonly hook: (program: Program) => Body;
  /** Whether the configured check passes now. */
  readonly doesCheckPass: () => boolean;
}

/** Every program that the simulation knows. */
export function programsFor(machine: () => Machine, given: ProgramsGiven): Programs {
  return (program) => bodyOf(machine(), program, given);
}

function bodyOf(machine: Machine, program: Program, given: ProgramsGiven): Body {
  {
    const { argv } = program;
    const [file = ""] = argv;
    if (file.endsWith("/bin/switch-to-configuration")) {
      return switchToConfiguration(machine, program, given);
    }
    switch (file) {
      case "flock":
        return flock(machine, program);
      case "unshare":
        // A dry activation, apart from the lock of the switch.
        return once(() => {
          program.say(WOULD_RESTART);
          return "";
        });
      case "systemctl":
        return systemctl(machine, program);
      case "systemd-notify":
        return systemdNotify(machine, program);
      case "systemd-run":
        return systemdRun(machine, program);
      case "nix-env":
        return nixEnv(machine.disk, changeOf(argv));
      case "nix-store":
        return once(() => {
          program.say(`${argv.at(-1)}\n`);
          return "";
        });
      case "logger":
        return once(() => "");
      case "grep":
        return once(() => grep(machine, program));
      case "journalctl":
        return once(() => {
          program.say(ACTIVATED);
          return "";
        });
      case "busctl":
        return busctl(machine, program);
      case "bootctl":
        // It does not find its partitions, so that the files are read.
        if (argv[1] !== "set-oneshot") return once(() => ({ exitCode: 1 }));
        return once(() => {
          setOneShot(machine.disk, argv[2] ?? "");
          return "";
        });
      case "systemd-analyze":
        return once(() => {
          program.say(calendar(argv));
          return "";
        });
      case "/bin/receiver":
        return once(() => ({ exitCode: given.hear(program.text) === "taken" ? 0 : 1 }));
      case "/bin/job-runs":
        return once(() => ({ exitCode: given.isRunnerBusy() ? 0 : 1 }));
      case "/bin/hook":
        return given.hook(program);
      case "/bin/check":
        return once(() => ({ exitCode: given.doesCheckPass() ? 0 : 1 }));
      default:
        if (file.endsWith("/sw/bin/nixos-version")) return once(() => ({ exitCode: 1 }));
        throw new SimulationError(`a program that is not simulated: ${argv.join(" ")}`);
    }
  }
}

/** Which of the processes were started with the word that their stop drains: only the runner, if at all. */
function grep(machine: Machine, program: Program): ProgramEnd {
  const found = program.argv.find((word) => word.endsWith(`/${DRAINING_PROCESS}/environ`));
  if (found === undefined || machine.isRunnerBusy === null) return { exitCode: 1 };
  program.say(`${found}\n`);
  return { exitCode: 0 };
}

const ACTIVATED = `${JSON.stringify({ MESSAGE: "running activation script...", _TRANSPORT: "kernel" })}\n`;

/** `nix-env --profile PROFILE CHANGE VALUE`. */
function changeOf(argv: readonly string[]): readonly string[] {
  if (argv[1] !== "--profile" || argv[2] !== PROFILE) {
    throw new SimulationError(`nix-env is not simulated with ${argv.join(" ")}`);
  }
  return argv.slice(3);
}
