import type { Program as Code } from "../kernel/bundle.ts";
import { contextOf, type Input, type ProgramHost } from "../kernel/context.ts";
import { Disk } from "../kernel/disk.ts";
import type { FolderNode } from "../kernel/disk-nodes.ts";
import { Gone, SimulationError } from "../kernel/errors.ts";
import type { FileHost } from "../kernel/fs-module.ts";
import type { NetworkHost } from "../kernel/network.ts";
import { type Delivery, Process, type ProcessEnd, SIGNAL_HANDLE } from "../kernel/process.ts";
import { Random } from "../kernel/random.ts";
import { Run } from "../kernel/run.ts";
import { Clocks, PLANNED } from "./clocks.ts";
import type { Etcd } from "./etcd.ts";
import type { LockServer, Request } from "./lock-server.ts";
import type { Logind } from "./logind/logind.ts";
import { kernelFile } from "./kernel-files.ts";
import type { Body, Program } from "./program.ts";
import { ProgramTable } from "./program-table.ts";
import { Systemd, type UnitHost } from "./systemd/systemd.ts";
import { Watches } from "./watches.ts";

/** One thing that may happen next. */
export type Choice =
  | { readonly kind: "deliver"; readonly process: Process; readonly delivery: Delivery }
  /** It begins, or goes on where it was interrupted. */
  | { readonly kind: "go on"; readonly process: Process }
  | { readonly kind: "step"; readonly program: Program }
  | { readonly kind: "act"; readonly what: string; readonly act: () => void };

/** Who decides about the calls, and who looks on. */
export interface Observer {
  /** Called before each call of a process; may interrupt it or make the call fail. */
  readonly beforeCall: (process: Process, name: string, detail: string) => void;
  readonly trace: (who: string, what: string) => void;
  readonly changed: (folder: FolderNode, name: string) => void;
}

/** Makes the steps of a program from its arguments. */
export type Programs = (program: Program) => Body;

/** The host: disk, clocks, processes, programs and systemd. It chooses nothing: `choices` lists what may come. */
export class Machine implements FileHost, NetworkHost, ProgramHost, UnitHost {
  readonly numbers: Random;
  readonly clocks = new Clocks();
  readonly disk = new Disk(() => this.clocks.wallMs);
  readonly processes = new Map<number, Process>();
  readonly programs: ProgramTable;
  systemd = new Systemd(this);
  bootNumber = 0;
  /** How the next boot ends. */
  nextBoot: "complete" | "hangs" | "ends in emergency mode" | "was long ago" = "was long ago";
  bootedAtMs = 0;
  /** `off`: the shutdown is complete. `cut`: the power is cut as soon as the present call has ended. */
  power: "on" | "off" | "cut" = "on";
  readonly #code: Code;
  readonly #programs: Programs;
  readonly #observer: Observer;
  readonly #watches = new Watches();
  #acts: { readonly what: string; readonly act: () => void }[] = [];
  #lastId = 100;

  constructor(seed: number, code: Code, programs: Programs, observer: Observer) {
    this.numbers = new Random(seed);
    this.#code = code;
    this.#programs = programs;
    this.#observer = observer;
    this.programs = new ProgramTable(() => ++this.#lastId, this.elapsedMs, this.trace);
    this.disk.onChange = (folder, name) => {
      this.#watches.tell(folder, name);
      observer.changed(folder, name);
    };
  }

  now = (): number => this.clocks.wallMs;
  elapsedMs = (): number => this.clocks.monoMs;
  random = (): number => this.numbers.next();

  trace = (who: string, what: string): void => {
    this.#observer.trace(who, what);
  };

  // Processes.

  startProcess(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    who: string,
    whenEnded: (end: ProcessEnd, process: Process) => void,
  ): Process {
    const id = ++this.#lastId;
    const process: Process = new Process(id, args, env, (end) => {
      whenEnded(end, process);
    });
    this.processes.set(id, process);
    this.trace(who, `starts ${process.name}: ${args.join(" ")}`);
    return process;
  }

  /** The code of a process, which is executed anew to go on after an interruption. */
  async #goOn(process: Process): Promise<void> {
    const run: Run = new Run(process, {
      before: this.#observer.beforeCall,
      uncaught: (error) => {
        this.crash(run, error);
      },
    });
    process.begin(run);
    await run.catchUp(() => {
      const context = contextOf(run, this, this.#code.pathsUnder("/"));
      void this.#code.runCommandLine(context, process.args).then(
        (exitCode) => {
          if (!run.isOver) process.exitCode = exitCode;
          return exitCode;
        },
        (error: unknown) => {
          this.crash(run, error);
        },
      );
    });
  }

  /** An error that nothing catches ends a process with 1, as Node does. */
  crash(run: Run | null, error: unknown): void {
    if (error instanceof Gone || run === null || run.isOver) return;
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.trace(run.process.name, `has an error that nothing catches: ${why}`);
    this.end(run.process, { kind: "exited", exitCode: 1 });
  }

  kill(process: Process, signal: "SIGKILL" | "SIGTERM"): void {
    this.end(process, { kind: "killed", signal });
  }

  signal(process: Process): void {
    if (process.state === "ended") return;
    if (process.signals === "kill") this.kill(process, "SIGTERM");
    else process.pending.push({ handle: SIGNAL_HANDLE, happening: { kind: "signal" } });
  }

  end(process: Process, end: ProcessEnd): void {
    if (process.state === "ended") return;
    process.stop("ended");
    this.processes.delete(process.id);
    this.clocks.clear(process);
    this.#watches.remove(process);
    this.programs.orphan(process);
    const how = end.kind === "exited" ? `exits with ${end.exitCode}` : `is killed (${end.signal})`;
    this.trace(process.name, how);
    process.whenEnded(end);
  }

  // Programs.

  startProgram = (
    process: Process,
    handle: number,
    argv: readonly string[],
    input: Input,
  ): void => {
    process.open.add(handle);
    const program = this.programs.add(process, handle, argv, input);
    program.body = this.#programs(program);
  };

  closeInput = (process: Process, handle: number): void => {
    const program = this.programs.of(process, handle);
    if (program !== undefined) program.input = "closed";
  };

  /** The process does not wait for it any more. */
  killProgram = (process: Process, handle: number): void => {
    process.open.delete(handle);
    const program = this.programs.of(process, handle);
    if (program !== undefined) this.programs.remove(program);
  };

  goDown(): void {
    this.power = "off";
  }

  /** A part of the host that acts in steps of its own. */
  run(name: string, body: Body): void {
    this.programs.run([name], () => body);
  }

  // Timers, folders and files.

  addTimer = (process: Process, handle: number, ms: number, hold: "firm" | "loose"): void => {
    if (hold === "firm") process.open.add(handle);
    this.clocks.addTimer(process, handle, ms);
  };

  clear = (process: Process, handle: number): void => {
    process.open.delete(handle);
    this.clocks.clear(process, handle);
  };

  watch = (process: Process, handle: number, folder: FolderNode): void => {
    process.open.add(handle);
    this.#watches.add({ process, handle, folder });
  };

  unwatch = (process: Process, handle: number): void => {
    process.open.delete(handle);
    this.#watches.remove(process, handle);
  };

  kernelFile = (path: string): string | null => kernelFile(this, path);

  /** Whether the runner runs a job that its stop lets it finish; null if its stop ends the job. */
  isRunnerBusy: (() => boolean) | null = null;
  /** Null if the host belongs to no fleet, or its slots are in etcd. */
  lockServer: LockServer | null = null;
  /** Null if the host takes part in no rollouts. */
  etcd: Etcd | null = null;
  /** Null if the host has no logind. */
  logind: Logind | null = null;

  send = (process: Process, handle: number, request: Request, withinMs: number): void => {
    const server = this.etcd ?? this.lockServer;
    if (server === null) throw new SimulationError(`nobody answers at ${request.url}`);
    process.open.add(handle);
    const asked = { process, handle, request, withinMs };
    this.run("lock server", server.exchange(asked));
  };

  listen = (process: Process, handle: number, request: Request): void => {
    if (this.etcd === null) throw new SimulationError(`nobody answers at ${request.url}`);
    process.open.add(handle);
    const input = { text: request.body ?? "", end: "open" } as const;
    const program = this.programs.add(process, handle, ["watch", request.url], input);
    program.body = this.etcd.watch(program);
  };

  // What may come next.

  /** Something that happens a moment later. */
  act(what: string, act: () => void): void {
    this.#acts.push({ what, act });
  }

  choices(): Choice[] {
    for (const { what, act } of this.clocks.ring()) this.act(what, act);
    const now = this.clocks.monoMs;
    const found: Choice[] = [];
    for (const process of this.processes.values()) {
      if (process.notBefore > now) continue;
      if (process.state !== "running") found.push({ kind: "go on", process });
      else
        for (const delivery of process.next()) found.push({ kind: "deliver", process, delivery });
    }
    for (const program of this.programs.all) {
      if (program.isReady(now)) found.push({ kind: "step", program });
    }
    for (const { what, act } of this.#acts) found.push({ kind: "act", what, act });
    return found;
  }

  async take(choice: Choice): Promise<void> {
    switch (choice.kind) {
      case "step":
        this.programs.step(choice.program);
        return;
      case "act":
        this.#acts = this.#acts.filter(({ act }) => act !== choice.act);
        this.trace("host", choice.what);
        choice.act();
        return;
      case "go on":
        await this.#goOn(choice.process);
        break;
      case "deliver":
        await choice.process.receive(choice.delivery);
        break;
    }
    const { process } = choice;
    if (process.isDone()) this.end(process, { kind: "exited", exitCode: process.exitCode ?? 0 });
  }

  /** When something is due next; infinite if nothing ever is. */
  nextAt(): number {
    const { monoMs } = this.clocks;
    const slow = [...this.processes.values()].flatMap(({ notBefore }) =>
      notBefore > monoMs ? [notBefore] : [],
    );
    return Math.min(this.clocks.next(), this.programs.nextWake(), ...slow);
  }

  /** Lets the time pass until something is due; false if nothing ever is. */
  sleep(): boolean {
    const { monoMs } = this.clocks;
    const next = this.nextAt();
    if (next === Infinity) return false;
    // The kernel writes back by itself what is older than half a minute.
    if (next - monoMs >= 35_000) this.disk.syncAll();
    this.clocks.monoMs = Math.max(monoMs, next);
    return true;
  }

  /** Everything that is only in memory is gone. */
  loseMemory(): void {
    for (const process of this.processes.values()) process.stop("ended");
    this.processes.clear();
    this.programs.loseMemory();
    this.clocks.loseMemory();
    this.#acts = this.#acts.filter(({ what }) => what.startsWith(PLANNED));
    this.#watches.clear();
    this.systemd = new Systemd(this);
    this.power = "on";
  }
}
