import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { until } from "./until.ts";

/** Starts a program in a group: its first argument is the folder of the group. */
export const inCgroup = join(import.meta.dirname, "in-cgroup.sh");

const family = "deploy-finalize-test-host";

/**
 * A cgroup of its own for each boot of each machine: two nspawns started from one cgroup would share
 * the container's cgroup root, and `cgroup.kill` ends all processes of a boot in one write. Kernel
 * 6.18 also kills what starts in a group that was killed, so no boot gets the group of another.
 */
export class Cgroup {
  readonly folder: string;
  readonly #name: string;

  constructor(name: string) {
    const unified = mounts().find(({ type }) => type === "cgroup2");
    if (unified === undefined) throw new Error("no cgroup2 is mounted on this machine");
    this.#name = name;
    this.folder = join(unified.folder, family, name);
    mkdirSync(this.folder, { recursive: true });
  }

  /** The folder of a new group, for the next boot. */
  forBoot(): string {
    return mkdtempSync(join(this.folder, "boot-"));
  }

  /** Kills every process in it and returns when none is left. */
  async kill(): Promise<void> {
    try {
      for (const boot of this.#boots()) writeFileSync(join(boot, "cgroup.kill"), "1");
      const events = join(this.folder, "cgroup.events");
      await until(
        `processes of ${this.folder} are gone`,
        () => !readFileSync(events, "utf8").includes("populated 1"),
      );
    } catch (error) {
      // Another test process may sweep the same machine at the same time.
      if (existsSync(this.folder)) throw error;
    }
  }

  /**
   * The folder of a group inside of the container whose PID 1 is `leader`. A process that enters the
   * container joins it: systemd 257 refuses a caller whose group is outside (EUNATCH).
   */
  static inside(leader: number): string {
    const unified = mounts().find(({ type }) => type === "cgroup2")?.folder ?? "";
    const text = readFileSync(`/proc/${leader}/cgroup`, "utf8");
    const path = /^0::(.*)$/m.exec(text)?.[1] ?? "";
    const root = path.endsWith("/init.scope") ? dirname(path) : path;
    const folder = join(unified, root, "entered");
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  #boots(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith("boot-"))
      .map((name) => join(this.folder, name));
  }

  /** Also where nspawn made one of the same name, in systemd's hierarchy of cgroup v1. */
  remove(): void {
    for (const { folder } of mounts()) removeTree(join(folder, family, this.#name));
  }
}

function mounts(): { folder: string; type: string }[] {
  const lines = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  return lines
    .map(([, folder = "", type = ""]) => ({ folder, type }))
    .filter(({ type }) => type === "cgroup" || type === "cgroup2");
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(folder, entry.name));
    }
    rmdirSync(folder);
  } catch (error) {
    // Another test process may sweep the same machine at the same time.
    if (existsSync(folder)) throw error;
  }
}
