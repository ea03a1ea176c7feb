import { Gone, SystemCallError } from "./kernel/errors.ts";
import type { Process } from "./kernel/process.ts";
import type { Machine } from "./host/machine.ts";
import type { Fault } from "./plan.ts";

const WRITES = new Set(["open to write", "writeFile", "write", "mkdir", "symlink"]);
const OPENS = new Set(["open", "open to write", "readFile", "readdir", "watch", "spawn"]);

/** More than every time limit of the simulated configuration. */
const CLOCK_STEP_MS = 600_000;

/** Makes the faults of a plan, each before the call of its number. */
export class Faults {
  readonly #left: Fault[];
  #calls = 0;
  #fullUntil = 0;
  #noFilesUntil = 0;
  /** What has happened so far, by kind. */
  readonly made = new Set<Fault["kind"]>();

  readonly #machineNow: () => Machine;

  constructor(faults: readonly Fault[], machine: () => Machine) {
    this.#left = [...faults];
    this.#machineNow = machine;
  }

  get #machine(): Machine {
    return this.#machineNow();
  }

  get calls(): number {
    return this.#calls;
  }

  isDiskFull(): boolean {
    return this.#machine.clocks.monoMs < this.#fullUntil;
  }

  beforeCall(process: Process, name: string, detail: string): void {
    this.#calls++;
    const machine = this.#machine;
    for (let next = this.#left[0]; next !== undefined && next.call <= this.#calls;) {
      this.#left.shift();
      this.made.add(next.kind);
      machine.trace("fault", `${next.kind}, before ${process.name} calls ${name} ${detail}`);
      this.#make(next, process);
      next = this.#left[0];
    }
    this.#refuse(name, detail);
  }

  #make({ kind }: Fault, process: Process): void {
    const machine = this.#machine;
    const { numbers, systemd } = machine;
    switch (kind) {
      case "interrupt":
        return interrupt(process);
      case "kill":
        machine.kill(process, "SIGKILL");
        return;
      case "kill a program":
        this.#killOne();
        return;
      case "block the shutdown":
        machine.logind?.block(numbers.pick([200, 3000, 40_000]));
        return;
      case "lose a lock":
        this.#loseOne();
        return;
      case "terminate":
        machine.signal(process);
        return;
      case "power cut":
        machine.power = "cut";
        return interrupt(process);
      case "reboot":
        if (systemd.state !== "stopping") machine.run("shutdown by somebody", systemd.shutdown());
        return;
      case "boot hangs":
        machine.nextBoot = "hangs";
        return;
      case "boot ends in emergency mode":
        machine.nextBoot = "ends in emergency mode";
        return;
      case "disk full":
        this.#fullUntil = machine.clocks.monoMs + numbers.pick([50, 2000, 20_000]);
        return;
      case "no more files":
        this.#noFilesUntil = machine.clocks.monoMs + numbers.pick([5, 200, 3000]);
        return;
      case "slow call":
        process.notBefore = machine.clocks.monoMs + numbers.pick([200, 3000, 30_000]);
        return interrupt(process);
      case "clock forward":
        machine.clocks.wallOffset += CLOCK_STEP_MS;
        systemd.timers.clockSet();
        return;
      case "clock back":
        machine.clocks.wallOffset -= CLOCK_STEP_MS;
        systemd.timers.clockSet();
        return;
      case "systemd refuses a timer":
        systemd.refusals++;
        return;
      case "systemd executes itself":
        systemd.silentUntil = machine.clocks.monoMs + 400;
        return;
    }
  }

  /** A program that holds the lock of a finalization, or the turn, is killed. */
  #loseOne(): void {
    const { programs, numbers } = this.#machine;
    const holders = [...programs.all].filter(
      ({ id, argv }) =>
        argv[0] === "flock" &&
        argv.some((word) => /\/(turn|\d{8}-\S+)\.lock$/.test(word)) &&
        [...programs.locks.values()].includes(id),
    );
    const program = holders[numbers.below(holders.length)];
    if (program === undefined) return;
    this.#machine.trace("fault", `kills ${program.name} ${program.argv.join(" ")}`);
    programs.kill(program);
  }

  /** Not flock, which holds the locks: see `#loseOne`. */
  #killOne(): void {
    const machine = this.#machine;
    const all = [...machine.programs.all].filter(
      ({ parent, argv }) => parent !== null && argv[0] !== "flock",
    );
    const program = all[machine.numbers.below(all.length)];
    if (program === undefined) return;
    machine.trace("fault", `kills ${program.name}`);
    machine.programs.kill(program);
  }

  #refuse(name: string, detail: string): void {
    if (WRITES.has(name) && this.isDiskFull() && !/^\/(run|proc)\//.test(detail)) {
      throw new SystemCallError("ENOSPC", name, detail);
    }
    if (this.#machine.clocks.monoMs < this.#noFilesUntil && OPENS.has(name)) {
      throw new SystemCallError("EMFILE", name, detail);
    }
  }
}

/** Ends the execution; the process goes on later from where it is. */
function interrupt(process: Process): never {
  process.stop("interrupted");
  throw new Gone();
}
