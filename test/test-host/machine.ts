import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Cgroup, inCgroup } from "./cgroup.ts";
import { image } from "./image.ts";
import { compiledFolder, guestFolder, hostsFolder, nodeBinary } from "./paths.ts";
import { ok, run } from "./spawn.ts";
import { realSwitch } from "./toplevel.ts";

/**
 * The machine ends with the test process, even by SIGKILL. A namespace of its own, because the
 * death of nspawn alone does not end the container.
 */
const tiedToParent = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "unshare",
  "--pid",
  "--mount-proc",
  "--kill-child=KILL",
];

/**
 * A container that boots systemd on a copy-on-write overlay of the image. It is off when made.
 * Only hardware here: what is NixOS about it is in guest/ and host.ts.
 */
export class Machine {
  readonly folder: string;
  readonly root: string;
  readonly consoleLog: string;
  readonly #cgroup: Cgroup;
  readonly #tool: string;
  #process: number | undefined;
  #destroyed: Promise<void> | undefined;

  private constructor(folder: string, tool: string) {
    this.folder = folder;
    this.root = join(folder, "root");
    this.consoleLog = join(folder, "console.log");
    this.#cgroup = new Cgroup(basename(folder));
    this.#tool = tool;
  }

  /**
   * `tool` is the folder of the outside that the guest has as /opt/deploy-finalize. Each of `disks` is
   * a folder inside that is a small file system of its own and survives a reboot.
   */
  static async make(name: string, tool: string, disks: readonly string[]): Promise<Machine> {
    const lower = await image();
    await sweep();
    const folder = join(hostsFolder, `${name}-${randomBytes(3).toString("hex")}`);
    for (const part of ["root", "upper", "work"])
      mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, "owner"), String(process.pid));
    for (const needed of [tool, compiledFolder]) mkdirSync(needed, { recursive: true });
    const machine = new Machine(folder, tool);
    const layers = `lowerdir=${lower},upperdir=${join(folder, "upper")},workdir=${join(folder, "work")}`;
    await ok(["mount", "-t", "overlay", "overlay", "-o", layers, machine.root]);
    for (const disk of disks) {
      mkdirSync(join(machine.root, disk), { recursive: true });
      const options = ["-o", "size=512k,mode=700"];
      await ok(["mount", "-t", "tmpfs", ...options, "tmpfs", join(machine.root, disk)]);
    }
    // Fixed from the first boot on, so that the journals of all boots are in one folder.
    writeFileSync(join(machine.root, "etc/machine-id"), `${randomBytes(16).toString("hex")}\n`);
    return machine;
  }

  /** Starts the container; returns at once. */
  powerOn(): void {
    const log = openSync(this.consoleLog, "a");
    const [program = "", ...args] = this.#argv();
    const child = spawn(program, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    });
    closeSync(log);
    child.unref();
    child.on("error", (error) => writeFileSync(this.consoleLog, String(error), { flag: "a" }));
    // Told not to touch the outside's units (--keep-unit), nspawn does not reboot the container
    // itself: it exits with 133 and leaves the next boot to whoever started it.
    child.on("exit", (code) => {
      if (code === 133 && this.#process === child.pid) this.powerOn();
    });
    this.#process = child.pid;
  }

  #argv(): string[] {
    const real = realSwitch();
    const deployRs = process.env["DEPLOY_RS"] ?? "";
    const options = [
      `--directory=${this.root} --machine=${basename(this.folder)} --hostname=test-host`,
      "--quiet --register=no --keep-unit --private-network",
      "--resolv-conf=off --timezone=off --link-journal=no",
    ];
    return [
      inCgroup,
      this.#cgroup.forBoot(),
      ...tiedToParent,
      "systemd-nspawn",
      ...options.flatMap((line) => line.split(" ")),
      `--bind-ro=${guestFolder}:/opt/test-host`,
      `--bind-ro=${nodeBinary()}:/usr/local/bin/node`,
      `--bind-ro=${this.#tool}:/opt/deploy-finalize`,
      `--bind=${compiledFolder}:/var/cache/test-host`,
      ...(real === undefined ? [] : [`--bind-ro=${resolve(real)}:/opt/real-switch`]),
      ...(deployRs === "" ? [] : [`--bind-ro=${resolve(deployRs)}:/opt/deploy-rs`]),
      "/opt/test-host/init",
    ];
  }

  /**
   * Every process of the machine ends at once, in the middle of whatever it does. Unlike on a real
   * power cut, written but not synced data survives: it is in the page cache of the outside.
   */
  async powerCut(): Promise<void> {
    const pid = this.#process;
    this.#process = undefined;
    // In the middle of a reboot the next container may not be in the cgroup yet.
    if (pid !== undefined) kill(pid);
    await this.#cgroup.kill();
  }

  /** PID 1 of the guest as seen from the outside; undefined while off or between two boots. */
  leader(): number | undefined {
    const nspawn = childrenOf(this.#process)[0];
    return childrenOf(nspawn).find((pid) => readIfThere(`/proc/${pid}/comm`) === "systemd\n");
  }

  /** The file on the outside. Also of /run and other mounts of the guest while it is on. */
  path(inside: string): string {
    const leader = this.leader();
    return join(leader === undefined ? this.root : `/proc/${leader}/root`, inside);
  }

  /** The file on the disk of the guest, whether it is on, off or about to reboot. */
  disk(inside: string): string {
    return join(this.root, inside);
  }

  /** The last lines of the console: what an error shows. */
  console(): string {
    return readIfThere(this.consoleLog).split("\n").slice(-15).join("\n");
  }

  /** Nothing is left: processes, cgroup, mount, folder. A second call waits for the first. */
  destroy(): Promise<void> {
    return (this.#destroyed ??= this.#destroy());
  }

  async #destroy(): Promise<void> {
    await this.powerCut();
    await remove(this.folder, this.#cgroup);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function remove(folder: string, cgroup: Cgroup): Promise<void> {
  await cgroup.kill();
  cgroup.remove();
  const root = join(folder, "root");
  // A killed nspawn leaves its lock, and one that finds /run on a disk its `propagate` folder.
  const { dev, ino } = existsSync(root) ? statSync(root) : { dev: 0, ino: 0 };
  for (const left of [
    `locks/inode-${dev}:${ino}`,
    `propagate/${basename(folder)}`,
    `unix-export/${basename(folder)}`,
  ]) {
    await rm(join("/run/systemd/nspawn", left), { recursive: true, force: true });
  }
  await run(["umount", "--recursive", root]);
  await rm(folder, { recursive: true, force: true });
}

/** Clears away machines whose test process was killed before it could. */
async function sweep(): Promise<void> {
  if (!existsSync(hostsFolder)) return;
  for (const name of readdirSync(hostsFolder)) {
    const owner = readIfThere(join(hostsFolder, name, "owner"));
    if (owner === "" || existsSync(`/proc/${owner}`)) continue;
    // Another test process may clear it away at the same time; what is left, the next one does.
    await remove(join(hostsFolder, name), new Cgroup(name)).catch(() => {});
  }
}

function childrenOf(pid: number | undefined): number[] {
  const children = pid === undefined ? "" : readIfThere(`/proc/${pid}/task/${pid}/children`);
  return children.split(" ").filter(Boolean).map(Number);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
