import { deploy } from "./deployer.ts";
import { Faults } from "./faults.ts";
import { type Choice, Machine, type Observer } from "./host/machine.ts";
import { boot } from "./host/power.ts";
import type { ResumeUnits } from "./host/systemd/resume-unit.ts";
import { hook } from "./host/hook.ts";
import { Etcd } from "./host/etcd.ts";
import { LockServer } from "./host/lock-server.ts";
import { OtherHosts } from "./host/rest-of-group.ts";
import { programsFor } from "./host/programs.ts";
import { install, prepare } from "./host/setup.ts";
import type { Switching } from "./host/switch.ts";
import {
  addSpecialisation,
  addSystem,
  CONFIG,
  makeCurrent,
  STATE,
  type System,
} from "./host/systems.ts";
import { Logind } from "./host/logind/logind.ts";
import type { Program as Code } from "./kernel/bundle.ts";
import type { FolderNode } from "./kernel/disk-nodes.ts";
import type { Stage } from "./kernel/outside.ts";
import type { Process } from "./kernel/process.ts";
import { Oracle } from "./oracle/oracle.ts";
import { type Deploy, type Plan, SPECIALISATION } from "./plan.ts";

const ENVIRONMENT = { PATH: "/bin", USER: "ann" };
const FIRST = "/nix/store/first";
/** In an hour of the host: a process that waits for a day looks every two seconds whether it may go on. */
const MOST_STEPS = 30_000;
const HOUR_MS = 3_600_000;
const MOST_MS = 100 * HOUR_MS;
/** How long the host has been up at the begin, in milliseconds. */
const UP_MS = HOUR_MS;
const JOB_MS = 1000;
/** How long a step takes, in milliseconds. */
const STEP_MS = 0.25;

export interface Tools {
  readonly code: Code;
  readonly stage: Stage;
  readonly resume: ResumeUnits;
  /** Null costs no time. */
  readonly trace: ((line: string) => void) | null;
}

/** Picks what comes next among what may come. */
export type Chooser = (choices: readonly Choice[], machine: Machine) => Choice;

/** One host through one plan. */
export class Simulation implements Observer {
  readonly machine: Machine;
  readonly faults: Faults;
  readonly oracle: Oracle;
  steps = 0;
  /** When the plan begins, in milliseconds of the monotonic clock. */
  readonly begin: number;
  readonly #plan: Plan;
  readonly #tools: Tools;
  readonly #systems = new Map<string, System>();
  readonly #switching: Switching;
  #deliveries = 0;
  #calls = 0;
  #hookRuns = 0;
  /** Called before each call of a process, when all else has been decided. */
  onCall: (process: Process, name: string, detail: string) => void = () => {};

  constructor(plan: Plan, tools: Tools) {
    this.#plan = plan;
    this.#tools = tools;
    this.faults = new Faults(plan.faults, () => this.machine);
    const systems = this.#systems;
    const isFull = (): boolean => this.faults.isDiskFull();
    this.#switching = { loader: plan.loader, systems, isFull };
    const reports: string[] = [];
    const programs = programsFor(() => this.machine, {
      ...this.#switching,
      hear: (report) => {
        if (++this.#deliveries <= plan.failedDeliveries) return "refused";
        reports.push(report);
        return "taken";
      },
      isRunnerBusy: this.#isJobRunning,
      hook: (program) => {
        const isFirst = ++this.#hookRuns <= 4;
        return hook(program, plan.hooks, isFirst, (event) => {
          this.oracle.hears(event);
        });
      },
      doesCheckPass: () => plan.checks === "pass",
    });
    this.machine = new Machine(
      plan.seed,
      tools.code,
      (program) => {
        this.oracle.started(program);
        return programs(program);
      },
      this,
    );
    tools.stage.host = this.machine;
    this.oracle = new Oracle({
      machine: this.machine,
      plan,
      systems,
      reports,
      faults: this.faults,
      isJobRunning: this.#isJobRunning,
    });
    prepare(this.machine);
    install(this.machine, plan, this.#switching, this.#add("first", FIRST_DEPLOY));
    if (plan.drains) this.machine.isRunnerBusy = this.#isJobRunning;
    if (plan.hasLogind) this.machine.logind = new Logind(this.machine.clocks);
    this.#boot();
    // A person has activated it.
    if (plan.specialisation === "keep") {
      makeCurrent(this.machine.disk, `${FIRST}-${SPECIALISATION}`);
    }
    // Its boot was long ago: no resume makes up for what is left undriven.
    this.machine.clocks.monoMs += UP_MS;
    this.begin = this.machine.clocks.monoMs;
    this.#connect();
    this.#schedulePlan();
  }

  /** To the servers of its fleet. */
  #connect(): void {
    const { fleet, rollout } = this.#plan;
    const { machine, begin } = this;
    if (rollout !== null) {
      const etcd = new Etcd(rollout, machine.clocks, begin);
      etcd.turnNow = () => turnOn(machine);
      etcd.store.listen(() => {
        this.oracle.groupChanged();
      });
      machine.etcd = etcd;
      new OtherHosts(rollout, etcd, machine.clocks).begin();
    } else if (fleet !== null) {
      const server = new LockServer(fleet, machine.clocks, begin);
      server.onGiveBack = (holder) => {
        this.oracle.givesBack(holder);
      };
      machine.lockServer = server;
    }
  }

  readonly #isJobRunning = (): boolean => {
    const { monoMs } = this.machine.clocks;
    return monoMs < this.begin + this.#plan.jobEndsAt || monoMs < this.#nextJobEndsAt;
  };
  #nextJobEndsAt = 0;

  #schedulePlan(): void {
    const { clocks } = this.machine;
    for (const [index, one] of this.#plan.deploys.entries()) {
      clocks.after(one.at, `plan: deploy ${index + 1}`, () => {
        this.#deploy(`system-${index + 1}`, one);
      });
    }
    const { nextJobAt } = this.#plan;
    if (nextJobAt > 0) {
      clocks.after(nextJobAt, "plan: a job comes", () => {
        const isTaken = this.machine.systemd.units.get("runner.service")?.active === "active";
        if (isTaken) this.#nextJobEndsAt = clocks.monoMs + JOB_MS;
      });
    }
    for (const { at, args } of this.#plan.calls) {
      clocks.after(at, `plan: somebody calls ${args.join(" ")}`, () => {
        this.oracle.called(args);
        this.call(args, () => {});
      });
    }
  }

  #add(name: string, { health, kernel }: Pick<Deploy, "health" | "kernel">): System {
    const { disk } = this.machine;
    const system = addSystem(disk, name, { health, kernel });
    this.#systems.set(system.path, system);
    if (this.#plan.specialisation === "none") return system;
    const special = addSpecialisation(disk, system, SPECIALISATION);
    this.#systems.set(special.path, special);
    return system;
  }

  #boot(): void {
    boot(this.machine, this.#systems, FIRST, this.#tools.resume);
    this.oracle.booted();
  }

  #deploy(name: string, one: Deploy): void {
    const system = this.#add(name, one);
    this.machine.disk.syncAll();
    this.oracle.moves(system);
    const schedule = (whenOver: () => void): void => {
      this.call(["schedule"], whenOver, name);
    };
    const deployment = { system, switching: this.#switching, schedule };
    this.machine.run(`deployer of ${name}`, deploy(this.machine, deployment));
  }

  /**
   * Somebody calls the program.
   *
   * @param own the name of the rollout that this call may begin
   */
  call(args: readonly string[], whenOver: () => void, own = `call-${++this.#calls}`): void {
    const { rollout } = this.#plan;
    const isNamed = rollout !== null && args[0] === "schedule";
    const name = rollout?.rollouts === "one" ? "the-rollout" : own;
    const all = [...args, ...(isNamed ? ["--rollout", name] : []), "--config", CONFIG];
    this.machine.startProcess(all, ENVIRONMENT, "somebody", (end, process) => {
      this.oracle.callEnded(process, end);
      whenOver();
    });
  }

  /** Runs until nothing can happen any more. Returns what is wrong. */
  async run(choose: Chooser): Promise<readonly string[]> {
    const { machine, oracle } = this;
    let hour = { endsMs: this.begin + HOUR_MS, mostSteps: MOST_STEPS };
    while (oracle.problems.length === 0) {
      if (machine.clocks.monoMs > hour.endsMs) {
        hour = { endsMs: machine.clocks.monoMs + HOUR_MS, mostSteps: this.steps + MOST_STEPS };
      }
      if (++this.steps > hour.mostSteps) return ["it does not come to rest"];
      if (machine.power !== "on") {
        this.#restart();
        continue;
      }
      const choices = machine.choices();
      if (choices.length > 0) {
        machine.clocks.monoMs += STEP_MS;
        await machine.take(choose(choices, machine));
        continue;
      }
      oracle.atPause();
      if (machine.sleep() && machine.clocks.monoMs < MOST_MS) continue;
      oracle.atRest();
      break;
    }
    return oracle.problems;
  }

  #restart(): void {
    const { machine } = this;
    const { disk, power, numbers } = machine;
    this.trace("host", power === "cut" ? "the power is cut" : "the machine is off");
    if (power === "cut") disk.losePower(numbers, this.#plan.disk);
    else disk.syncAll();
    machine.loseMemory();
    machine.clocks.monoMs += 5000;
    this.#boot();
  }

  beforeCall = (process: Process, name: string, detail: string): void => {
    const isClock = name === "now" || name === "elapsed";
    if (this.#tools.trace !== null && !isClock) this.trace(process.name, `${name} ${detail}`);
    this.faults.beforeCall(process, name, detail);
    this.onCall(process, name, detail);
  };

  trace = (who: string, what: string): void => {
    if (this.#tools.trace === null) return;
    const at = (this.machine.clocks.monoMs / 1000).toFixed(3).padStart(10);
    this.#tools.trace(`${at}  ${who.padEnd(22)} ${what}`);
  };

  changed = (folder: FolderNode, name: string): void => {
    this.oracle.changed(folder, name);
  };
}

const FIRST_DEPLOY = { health: "good", kernel: "kernel-1" } as const;

/** The program that holds the turn; null if nobody does. */
function turnOn({ disk, programs }: Machine): number | null {
  const path = `${STATE}/turn.lock`;
  return disk.has(path) ? (programs.locks.get(disk.file(path).inode) ?? null) : null;
}
