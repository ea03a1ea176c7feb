import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import type { Program } from "../host/program.ts";
import { STATE, type System } from "../host/systems.ts";
import { isInWindow } from "../host/window.ts";
import type { FolderNode } from "../kernel/disk-nodes.ts";
import type { Process, ProcessEnd } from "../kernel/process.ts";
import { currentRunOrNone } from "../kernel/run.ts";
import { recordIn, recordsOn } from "./records.ts";
import { judgeEnd } from "./ends.ts";
import { ByHand, judgeOverride } from "./by-hand.ts";
import { judgeBegin, judgeHurried, judgePause } from "./pauses.ts";
import { HookWatch } from "./hooks.ts";
import type { HookEvent } from "../host/hook.ts";
import { judgeRest } from "./rest.ts";
import { judgeAdmission, judgeProgress } from "./rollouts.ts";
import { judgeGiveBack, judgeReboot } from "./slots.ts";
import type { Known, Sight, Watched } from "./sight.ts";

/** Those that print the unit of a new finalization. */
const SCHEDULES: ReadonlySet<string> = new Set(["schedule", "retry"]);

/** Watches a simulated host and says what must never be so. */
export class Oracle implements Sight {
  readonly problems: string[] = [];
  readonly watched: Watched;
  readonly known = new Map<string, Known>();
  readonly calls: (readonly string[])[] = [];
  /** The system that a deployer has moved the profile to last, with how often that was done. */
  lastMoved: System | null = null;
  moveCount = 0;

  constructor(watched: Watched) {
    this.watched = watched;
  }

  blame = (what: string): void => {
    this.watched.machine.trace("VIOLATION", what);
    this.problems.push(what);
  };

  called(args: readonly string[]): void {
    this.calls.push(args);
    this.moveCount++;
    this.#byHand.begins(this, args);
  }

  callEnded(process: Process, end: ProcessEnd): void {
    const { machine } = this.watched;
    machine.trace(process.name, `said: ${(process.stdout + process.stderr).trim()}`);
    if (end.kind === "exited") this.#byHand.ends(this, process.args, end.exitCode);
    this.moveCount++;
    for (const [id, known] of this.known) {
      if (known.call !== "runs" || this.#creators.get(id) !== process) continue;
      const isDone = end.kind === "exited" && end.exitCode === 0;
      known.call = isDone ? "accepted" : end.kind === "exited" ? "refused" : "killed";
    }
    const wasAccepted =
      end.kind === "exited" && end.exitCode === 0 && SCHEDULES.has(process.args[0] ?? "");
    if (end.kind === "exited" && end.exitCode === 0) judgeHurried(this, process);
    const id = /unit=deploy-finalize-(\S+)/.exec(process.stdout)?.[1];
    if (wasAccepted && id === undefined)
      this.blame(`${process.name} ended with 0 and named no unit`);
    if (wasAccepted && id !== undefined && this.known.get(id)?.call !== "accepted") {
      this.blame(`${process.name} ended with 0, and ${id} was never saved`);
    }
  }
  readonly #creators = new Map<string, Process>();
  readonly #byHand = new ByHand();
  readonly #hooks = new HookWatch();

  /** A program of a hook begins or ends. */
  hears(event: HookEvent): void {
    this.#hooks.hear(this, event);
  }

  /** A deployer is about to move the profile. */
  moves(system: System): void {
    this.lastMoved = system;
    this.moveCount++;
  }

  booted(): void {
    // Calls that ran are gone with the boot.
    for (const known of this.known.values()) if (known.call === "runs") known.call = "killed";
  }

  /** Called for each program that a process starts. */
  started({ argv, parent }: Program): void {
    const [file = "", action = ""] = argv;
    const isSwitch = file.endsWith("/bin/switch-to-configuration") && action !== "dry-activate";
    const isReboot =
      file === "systemctl" && (argv.includes("reboot") || argv.includes("reboot.target"));
    const isStop = file === "systemctl" && action === "stop" && argv.includes("runner.service");
    const { plan } = this.watched;
    const isActing = isSwitch && action !== "boot";
    const isHook = file === "/bin/hook";
    if (parent !== null && isHook && !this.#holds(parent.process, "turn")) {
      this.blame(`${parent.process.name} runs a hook without the turn`);
    }
    const endsJob = isReboot || (isStop && !plan.drains) || (isActing && plan.hasRunner);
    if (parent !== null && endsJob && this.watched.isJobRunning()) {
      this.blame(`${parent.process.name} calls systemctl ${action} while a job runs`);
    }
    if (parent === null || (!isSwitch && !isReboot)) return;
    if (!this.#holds(parent.process, "turn")) {
      this.blame(`${parent.process.name} calls ${file} ${action} without the turn`);
    }
    const id = parent.process.args.at(-1) ?? "";
    const known = this.known.get(id);
    if (known !== undefined && !this.#holds(parent.process, id)) {
      this.blame(`${parent.process.name} calls ${file} ${action} without the lock of ${id}`);
    }
    if (known?.state === "switching" && isActing) this.#hooks.judgeAct(this, id, "switch");
    if (known?.state === "rebooting" && isReboot) this.#hooks.judgeAct(this, id, "reboot");
    if (!isReboot || known === undefined) return;
    const way = known.state === "rolling-back" ? "back" : "forward";
    if (this.watched.machine.systemd.state === "stopping") return;
    if (!argv.includes("reboot") || argv.length > 2) judgeOverride(this, id, way);
    if (way === "forward") {
      this.#judgeMoment(id);
      judgeReboot(this, id);
    }
    known.reboots[way].add(this.watched.machine.bootNumber);
  }

  /** The group of its rollouts has changed. */
  groupChanged(): void {
    judgeProgress(this);
  }

  /** This host asks the lock server to take the slot back. */
  givesBack(holder: string): void {
    judgeGiveBack(this, holder);
  }

  /** A clock that is set after the last look is nobody's fault. */
  #judgeMoment(id: string): void {
    const { plan, faults, machine } = this.watched;
    const isSet = faults.made.has("clock forward") || faults.made.has("clock back");
    const isHurried = recordsOn(machine.disk).get(id)?.hurried != null;
    if (plan.reboots === "always" || isHurried || isSet || isInWindow(machine.clocks.wallMs))
      return;
    this.blame(`${id} reboots outside of the window`);
  }

  /** Whether a process holds a lock, for all that it knows. */
  #holds(process: Process, lock: string): boolean {
    const { disk, programs } = this.watched.machine;
    const path = `${STATE}/${lock}.lock`;
    const holder = disk.has(path) ? programs.locks.get(disk.file(path).inode) : undefined;
    for (const { id, parent } of programs.all) {
      if (id === holder && parent?.process === process) return true;
    }
    // It has not heard yet that its flock was killed.
    return process.pending.some(
      ({ happening }) => happening.kind === "ended" && happening.exitCode === null,
    );
  }

  /** Called for each change of a folder. */
  changed(folder: FolderNode, name: string): void {
    if (!name.endsWith(".json") || name.length !== 25) return;
    const node = folder.entries.get(name);
    if (node?.kind !== "file") return;
    const record = recordIn(node.text);
    if (record !== null) this.#saved(record);
  }

  #saved(record: FinalizationRecord): void {
    const { id, state } = record;
    const { machine } = this.watched;
    const before = this.known.get(id);
    if (before?.state === state) return;
    const saving = currentRunOrNone();
    if (before !== undefined && saving !== null && !this.#holds(saving.process, id)) {
      this.blame(`${saving.process.name} saves ${id} without its lock`);
    }
    machine.trace("record", `${id} is ${state}: ${record.timeline.at(-1)?.detail ?? ""}`);
    if (before === undefined) {
      const reboots = { forward: new Set<number>(), back: new Set<number>() };
      const order = this.known.size;
      this.known.set(id, { order, call: "runs", state, movesAtAct: 0, reboots });
      if (saving !== null) this.#creators.set(id, saving.process);
      return;
    }
    const isBegin = before.state === "scheduled" || before.state === "waiting";
    if (isBegin) before.movesAtAct = this.moveCount;
    if (isBegin && (state === "switching" || state === "rebooting")) {
      judgeBegin(this, id);
      judgeAdmission(this, record, saving?.process ?? null);
    }
    before.state = state;
    judgeEnd(this, record, before);
  }

  /** Nothing can happen until a clock moves on. */
  atPause(): void {
    judgePause(this);
  }

  /** Nothing can happen any more. */
  atRest(): void {
    judgeRest(this, recordsOn(this.watched.machine.disk));
    this.#hooks.judgeRest(this);
  }
}
