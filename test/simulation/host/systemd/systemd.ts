import type { Disk } from "../../kernel/disk.ts";
import type { Process, ProcessEnd } from "../../kernel/process.ts";
import type { Clocks } from "../clocks.ts";
import type { Body } from "../program.ts";
import type { ProgramTable } from "../program-table.ts";
import { Timers, type Timing } from "./timers.ts";
import { newUnit, startPlain, type Service, type Unit } from "./units.ts";

const TRANSIENT = "/run/systemd/transient";

/** What PID 1 needs of its machine. */
export interface UnitHost {
  readonly disk: Disk;
  readonly clocks: Clocks;
  /** On the monotonic clock, which goes on over boots here. */
  readonly bootedAtMs: number;
  readonly programs: ProgramTable;
  readonly processes: ReadonlyMap<number, Process>;
  readonly startProcess: (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    who: string,
    whenEnded: (end: ProcessEnd) => void,
  ) => Process;
  readonly signal: (process: Process) => void;
  readonly kill: (process: Process, signal: "SIGKILL") => void;
  /** Something that happens a moment later. */
  readonly act: (what: string, act: () => void) => void;
  readonly run: (name: string, body: Body) => void;
  readonly goDown: () => void;
}

/** PID 1 of one boot: units, their timers and restarts, and the shutdown. */
export class Systemd {
  readonly #machine: UnitHost;
  readonly timers: Timers;
  readonly units = new Map<string, Unit>();
  state: "starting" | "running" | "maintenance" | "stopping" = "starting";
  /** How many of the next timers it refuses, however often they are asked for. */
  refusals = 0;
  readonly #refused = new Set<string>();
  /** Until then it answers nobody, because it executes itself anew: milliseconds. */
  silentUntil = 0;

  constructor(machine: UnitHost) {
    this.#machine = machine;
    this.timers = new Timers(machine, {
      start: (name) => {
        const service = this.units.get(name);
        if (service !== undefined && this.state !== "stopping") this.queueStart(service);
      },
      forget: (name) => {
        this.#unload(name);
      },
    });
  }

  refuses(name: string): boolean {
    if (this.refusals > 0 && !this.#refused.has(name)) {
      this.refusals--;
      this.#refused.add(name);
    }
    return this.#refused.has(name);
  }

  add(unit: Unit): Unit {
    this.units.set(unit.name, unit);
    return unit;
  }

  isDown(name: string): boolean {
    const active = this.units.get(name)?.active ?? "inactive";
    return active === "inactive" || active === "failed";
  }

  /** Makes a transient timer and starts it; it stops the timers that it conflicts with. */
  addTimer(timing: Timing, conflicts: readonly string[]): void {
    const { name } = timing;
    this.add(this.timers.make(timing));
    this.#write(name);
    for (const other of conflicts) this.stop(other);
    this.timers.start(name);
  }

  /**
   * The process of a service says that it is about to end. The service is on its way down from then on,
   * so a start waits for that.
   */
  isEnding(process: Process): void {
    const unit = [...this.units.values()].find(({ main }) => main === process);
    if (unit?.service == null || unit.active !== "active") return;
    unit.active = "deactivating";
    this.#killLate(unit, process, unit.service);
  }

  #write(name: string): void {
    this.#machine.disk.create(`${TRANSIENT}/${name}`);
  }

  /** Stops a unit that is only in memory, and forgets it. */
  #unload(name: string): void {
    if (!this.units.delete(name)) return;
    this.timers.drop(name);
    const path = `${TRANSIENT}/${name}`;
    if (this.#machine.disk.has(path)) this.#machine.disk.remove(path);
  }

  addService(name: string, service: Service): Unit {
    this.#write(name);
    return this.add(newUnit(name, { lifetime: "transient", service }));
  }

  /** Puts a start into the queue of jobs; it is carried out a moment later. */
  queueStart(unit: Unit): void {
    unit.job = "start";
    const round = ++unit.round;
    this.#machine.act(`systemd starts ${unit.name}`, () => {
      if (unit.round !== round || this.units.get(unit.name) !== unit) return;
      this.#start(unit);
    });
  }

  #start(unit: Unit): void {
    // What runs is not started again; what is on its way down is started after that.
    if (unit.active === "deactivating") return;
    unit.job = null;
    if (unit.active === "active" && unit.main !== null) return;
    if (this.state === "stopping" || unit.service === null) return;
    const { args, env } = unit.service;
    unit.active = "active";
    unit.sub = "running";
    unit.startedAt = this.#machine.clocks.monoMs * 1000;
    unit.isStopping = false;
    unit.main = this.#machine.startProcess(args, env, unit.name, (end) => {
      this.#machine.run(`systemd ends ${unit.name}`, this.#afterMain(unit, end));
    });
  }

  /** What the main process has left behind ends first. */
  *#afterMain(unit: Unit, end: ProcessEnd): Body {
    const { service } = unit;
    if (service === null) return { exitCode: 0 };
    unit.main = null;
    unit.active = "deactivating";
    const late = this.#machine.clocks.monoMs + service.stopMs;
    const { all: programs } = this.#machine.programs;
    const isEmpty = (): boolean => ![...programs].some(({ group }) => group === unit.name);
    yield { until: () => isEmpty() || this.#machine.clocks.monoMs >= late };
    for (const program of programs) {
      if (program.group === unit.name) this.#machine.programs.kill(program);
    }
    unit.endedAt = this.#machine.clocks.monoMs * 1000;
    const isTermClean = isTerm(end) && (service.afterTerm === "ended" || unit.isStopping);
    const isClean = end.kind === "exited" ? service.successes.includes(end.exitCode) : isTermClean;
    const isFinal = end.kind === "exited" && service.neverAfter.includes(end.exitCode);
    const mayRestart = service.restartMs > 0 && !isClean && !isFinal && !unit.isStopping;
    if (mayRestart && this.state !== "stopping") this.#restartLater(unit, service);
    else if (unit.isStopping) this.#settle(unit, "inactive");
    else this.#settle(unit, isClean ? service.afterEnd : "failed");
    return { exitCode: 0 };
  }

  #restartLater(unit: Unit, { restartMs }: Service): void {
    unit.active = "activating";
    unit.sub = "auto-restart";
    const round = ++unit.round;
    this.#machine.clocks.after(restartMs, `${unit.name} is restarted`, () => {
      if (unit.round === round && this.units.get(unit.name) === unit) this.#start(unit);
    });
  }

  #settle(unit: Unit, active: "inactive" | "failed" | "active"): void {
    unit.active = active;
    unit.sub = { inactive: "dead", failed: "failed", active: "exited" }[active];
    unit.result = active === "failed" ? "exit-code" : "success";
    this.timers.serviceIsDown(unit.name);
    if (unit.job === "start") {
      if (unit.service === null) startPlain(unit, this.#machine.clocks);
      else this.queueStart(unit);
      return;
    }
    const isHeld = this.units.get(unit.name.replace(/service$/, "timer"))?.sub === "waiting";
    if (unit.service?.collect === "collected" && !isHeld) this.#unload(unit.name);
  }

  /** A stop job: SIGTERM to the main process, SIGKILL to all after its time. */
  stop(name: string): void {
    const unit = this.units.get(name);
    if (unit === undefined) return;
    unit.round++;
    unit.job = null;
    if (unit.isTimer) {
      const service = unit.name.replace(/timer$/, "service");
      this.#unload(name);
      if (this.isDown(service) && this.units.get(service)?.job !== "start") this.#unload(service);
      return;
    }
    if (unit.service === null || unit.main === null) {
      if (unit.active === "deactivating") return;
      if (unit.isBusy?.() === true) this.#machine.run(`stop of ${name}`, this.#drain(unit));
      else this.#settle(unit, "inactive");
      return;
    }
    const { main, service } = unit;
    unit.isStopping = true;
    unit.active = "deactivating";
    this.#machine.signal(main);
    this.#killLate(unit, main, service);
  }

  /** It finishes what it does. */
  *#drain(unit: Unit): Body {
    unit.active = "deactivating";
    // Time passes until then.
    while (unit.isBusy?.() === true) yield { ms: 100 };
    this.#settle(unit, "inactive");
    return { exitCode: 0 };
  }

  #killLate(unit: Unit, main: Process, { stopMs }: Service): void {
    this.#machine.clocks.after(stopMs, `${unit.name} is killed`, () => {
      if (unit.main === main) this.#machine.kill(main, "SIGKILL");
    });
  }

  /** Every unit is stopped, then the machine goes down. */
  *shutdown(): Body {
    this.state = "stopping";
    const names = [...this.units.keys()];
    for (const name of names) {
      yield "step";
      this.stop(name);
    }
    for (const process of this.#machine.processes.values()) {
      yield "step";
      this.#machine.signal(process);
    }
    const late = this.#machine.clocks.monoMs + 90_000;
    const isQuiet = (): boolean => this.#machine.processes.size === 0;
    const areServicesDown = (): boolean => [...this.units.values()].every(({ main }) => !main);
    yield {
      until: () => areServicesDown() && (isQuiet() || this.#machine.clocks.monoMs >= late),
    };
    this.#machine.goDown();
    return { exitCode: 0 };
  }
}

function isTerm(end: ProcessEnd): boolean {
  return end.kind === "killed" && end.signal === "SIGTERM";
}
