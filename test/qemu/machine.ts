import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../test-host/spawn.ts";
import { until } from "../test-host/until.ts";
import { disk } from "./disk.ts";
import { type Label, labelOf } from "./toplevels.ts";
import { hasFirmware, type Loader, systemdOf } from "./loaders.ts";
import { tools } from "./parts.ts";
import { type Hardware, qemuCommand } from "./qemu.ts";
import { type Answer, SerialShell } from "./serial-shell.ts";

/** How long a machine may take to come up: it is emulated, and others may be busy on this one. */
const UP_MS = 900_000;

/** What a machine has besides its loader. */
export interface MachineOptions {
  readonly watchdog: Hardware["watchdog"];
  /** Settings of the program. */
  readonly settings: object;
}

/** Where a machine's disk and its EFI variables are. */
export interface Drives {
  readonly disk: string;
  readonly vars: string;
}

/** Nothing to wait for, and nothing to watch. */
const SETTINGS = { delay: 0, waitFor: { session: false }, verify: { settle: 0 } };

/** A PC under QEMU with a real boot loader on its disk. */
export class Machine implements AsyncDisposable {
  readonly loader: Loader;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #shell: SerialShell;

  private constructor(
    folder: string,
    loader: Loader,
    hardware: Pick<Hardware, "watchdog" | "tools">,
  ) {
    this.#folder = folder;
    this.loader = loader;
    const drives = drivesIn(folder);
    writeFileSync(this.#consolePath, "");
    const firmware = hasFirmware(loader.program) ? "efi" : "bios";
    const argv = qemuCommand({ ...drives, ...hardware, firmware, console: this.#consolePath });
    const [program = "", ...args] = argv;
    // A group of its own: Ctrl-C reaches the test, which then switches the machine off.
    const child = spawn(program, args, { detached: true });
    this.#process = child;
    this.#shell = new SerialShell((line) => child.stdin.write(line));
    const hear = (text: string): void => this.#shell.hear(text);
    child.stdin.on("error", () => {}); // It may be off.
    child.stdout.setEncoding("latin1").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", (error) => hear(String(error)));
  }

  /** A new machine, switched on and up. */
  static async boot(loader: Loader, { watchdog, settings }: MachineOptions): Promise<Machine> {
    const vars = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    const machine = await Machine.bootWith(loader, watchdog, { disk: await disk(loader), vars });
    const text = JSON.stringify({ ...SETTINGS, ...settings });
    await machine.ok(`cat >/data/nix/store/deploy-finalize.json <<'END'\n${text}\nEND\nsync`);
    return machine;
  }

  /** A machine with copies of disks as another one had them at a moment, switched on and up. */
  static async bootWith(
    loader: Loader,
    watchdog: Hardware["watchdog"],
    drives: Drives,
  ): Promise<Machine> {
    const folder = mkdtempSync("/var/tmp/deploy-finalize-machine-");
    await copy(drives, drivesIn(folder));
    const machine = new Machine(folder, loader, {
      watchdog,
      tools: await tools(systemdOf(loader)),
    });
    try {
      await machine.cameUp(1);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The systems that came up since it was switched on, the newest last. */
  get boots(): Label[] {
    return this.#shell.ups().map(labelOf);
  }

  /** What the kernels and the loader said. */
  get console(): string {
    return readFileSync(this.#consolePath, "latin1");
  }

  /** Waits until so many systems have come up since it was switched on; resolves to the last one. */
  async cameUp(times: number): Promise<Label> {
    return await this.#until(`boot ${times}`, () => this.boots[times - 1]);
  }

  /** Waits until a stand-in has come to the Nth checkpoint; the last one is `end`. */
  async reached(count: number): Promise<string> {
    return await this.#until(`checkpoint ${count}`, () => this.#shell.checkpoints()[count - 1]);
  }

  /** Waits until its kernels have panicked so often; resolves to the time of now. */
  async panicked(times: number): Promise<number> {
    await this.#until(`panic ${times}`, () => this.console.split("Kernel panic").length > times);
    return performance.now();
  }

  async #until<T>(what: string, ask: () => T | undefined | false): Promise<T> {
    return await until(what, ask, { deadlineMs: UP_MS, evidence: () => this.evidence() });
  }

  /** Runs a shell script in the machine. */
  async run(script: string, deadlineMs = UP_MS): Promise<Answer> {
    const evidence = (): string => this.evidence();
    return await this.#shell.run(script, { deadlineMs, evidence });
  }

  /** The output of a script that must succeed. */
  async ok(script: string): Promise<string> {
    const { exitCode, output } = await this.run(script);
    if (exitCode !== 0) throw new Error(`${script}: exit ${exitCode}\n${output}`);
    return output;
  }

  /** What its disks would hold if the power went now, in a folder; it stands still meanwhile. */
  async copyDrives(folder: string): Promise<Drives> {
    this.#signal("SIGSTOP");
    try {
      return await copy(drivesIn(this.#folder), drivesIn(folder));
    } finally {
      this.#signal("SIGCONT");
    }
  }

  /** The last of console and shell. */
  evidence(): string {
    return `--- console\n${this.console.slice(-6000)}\n--- shell\n${this.#shell.tail()}`;
  }

  /** Switches it off, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("close", resolve));
      this.#signal("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    const { pid } = this.#process;
    if (pid !== undefined) process.kill(-pid, signal);
  }

  get #consolePath(): string {
    return join(this.#folder, "console");
  }
}

function drivesIn(folder: string): Drives {
  return { disk: join(folder, "disk"), vars: join(folder, "vars") };
}

async function copy(from: Drives, to: Drives): Promise<Drives> {
  await ok(["cp", "--sparse=always", from.disk, to.disk]);
  cpSync(from.vars, to.vars);
  return to;
}
