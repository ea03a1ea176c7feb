import type { Machine } from "./machine.ts";
import { installLoader, type LoaderKind } from "./boot.ts";
import { generationsOn } from "./nix.ts";
import type { Body, Program } from "./program.ts";
import { startPlain } from "./systemd/units.ts";
import { makeCurrent, type System } from "./systems.ts";

const LOCK = "/run/nixos/switch-to-configuration.lock";

export const WOULD_RESTART = "would restart the following units: runner.service, web.service\n";

export interface Switching {
  readonly loader: LoaderKind;
  readonly systems: ReadonlyMap<string, System>;
  /** Whether the disk takes no more: the boot loader cannot be installed then. */
  readonly isFull: () => boolean;
}

/** switch-to-configuration in the order of its acts: lock, boot loader, plan, stop, activate, start. */
export function* switchToConfiguration(
  machine: Machine,
  program: Program,
  { loader, systems, isFull }: Switching,
): Body {
  const { disk } = machine;
  const { locks } = machine.programs;
  const [file = "", action = ""] = program.argv;
  const toplevel = file.replace("/bin/switch-to-configuration", "");
  const system = systems.get(toplevel);
  yield "step";
  const lock = disk.create(LOCK);
  if (locks.has(lock.inode)) return { exitCode: 11, stderr: "Could not acquire lock\n" };
  locks.set(lock.inode, program.id);
  yield "step";
  if (action === "switch" || action === "boot") {
    if (isFull()) return { exitCode: 1, stderr: "Failed to install bootloader\n" };
    yield* installLoader(disk, loader, toplevel, generationsOn(disk));
    // It syncs the file system of the store.
    disk.syncAll();
  }
  if (action === "boot") return { exitCode: 0 };
  if (action === "dry-activate") {
    program.say(WOULD_RESTART);
    return { exitCode: 0 };
  }
  return yield* activate(machine, program, toplevel, system?.health ?? "good");
}

function* activate(
  machine: Machine,
  program: Program,
  toplevel: string,
  health: System["health"],
): Body {
  const { disk, systemd } = machine;
  const web = systemd.units.get("web.service");
  program.say("stopping the following units: web.service\n");
  if (web !== undefined) web.active = "inactive";
  yield { ms: 50 };
  if (health === "ends half-way") return { exitCode: 1, stderr: "panicked\n" };
  program.say("activating the configuration...\n");
  makeCurrent(disk, toplevel);
  yield { ms: 200 };
  if (health === "activation fails") {
    program.say("Failed to run activate script\n");
  }
  program.say("starting the following units: web.service\n");
  if (web !== undefined) startWeb(machine, health);
  yield { ms: 100 };
  if (health === "activation fails") return { exitCode: 2 };
  if (health === "good" || health === "does not boot") return { exitCode: 0 };
  program.say("warning: the following units failed: web.service\n");
  return { exitCode: 4 };
}

/** The service that a system of this health has: it runs or it fails. */
export function startWeb(machine: Machine, health: System["health"]): void {
  const web = machine.systemd.units.get("web.service");
  if (web === undefined) return;
  startPlain(web, machine.clocks);
  if (health !== "unit fails") return;
  web.active = "failed";
  web.sub = "failed";
  web.result = "exit-code";
}
