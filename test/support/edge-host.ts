import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { JournalEntry } from "../../src/core/record/journal-entry.ts";
import type { Host, Announcer } from "../../src/host/process/host.ts";
import { pathsUnder } from "../../src/host/files/paths.ts";
import type { Ended } from "../../src/host/process/spawn.ts";
import { Folder } from "./folder.ts";

type Answer = Partial<Ended> | ((argv: readonly string[]) => Partial<Ended>);

/** A host for a single edge: a folder tree, a time of day that is set by hand, programs with set answers. */
export class EdgeHost implements Host, Disposable {
  readonly folder = new Folder();
  readonly paths = pathsUnder(this.folder.path);
  readonly said: string[] = [];
  readonly ran: (readonly string[])[] = [];
  /** How programs end, by the beginning of their command line; the longest wins. */
  readonly answers: Record<string, Answer> = {};
  /** The wall clock. To set it alone is a step of the clock. */
  time = Date.parse("2026-11-22T21:31:00Z");
  /** Null while time passes by itself. */
  #elapsedMs: number | null = null;
  #uptime: number | null = null;

  now = (): Date => new Date(this.time);
  elapsedMs = (): number => this.#elapsedMs ?? performance.now();

  /** Time passes by all clocks; from then on it passes by hand alone. */
  passes(ms: number): void {
    // Whole, so that a difference is exact.
    this.#elapsedMs = (this.#elapsedMs ?? Math.ceil(performance.now())) + ms;
    this.time += ms;
    if (this.#uptime !== null) this.#isUp(this.#uptime + ms / 1000);
  }

  /** It has been up for so many seconds, in this boot. */
  boots(uptime: number, bootId = "boot-1"): void {
    this.#isUp(uptime);
    this.folder.write("proc/1/stat", `1 (systemd) S ${"0 ".repeat(18)}0 0\n`);
    this.folder.write("proc/sys/kernel/random/boot_id", `${bootId}\n`);
  }

  #isUp(uptime: number): void {
    this.#uptime = uptime;
    this.folder.write("proc/uptime", `${uptime.toFixed(2)} 1.00\n`);
  }

  say = (line: string): void => {
    this.said.push(line);
  };
  echo = (): void => {};
  readonly announced: JournalEntry[] = [];
  readonly journal: Announcer = {
    announce: async (entry) => {
      this.announced.push(entry);
    },
    leave: async (entry) => {
      this.announced.push(entry);
    },
  };

  spawn: Host["spawn"] = async (argv) => {
    this.ran.push(argv);
    const line = argv.join(" ");
    const keys = Object.keys(this.answers).filter((key) => line.startsWith(key));
    const key = keys.toSorted((a, b) => b.length - a.length)[0];
    const answer = key === undefined ? {} : (this.answers[key] ?? {});
    const ended = typeof answer === "function" ? answer(argv) : answer;
    return { argv, exitCode: 0, cause: null, stdout: "", stderr: "", ...ended };
  };

  /** Each lock is free: flock(1) takes it, and holds it until it is released. */
  grantsLocks(): void {
    const { spawn } = this;
    this.spawn = async (argv, options = {}) => {
      if (argv[0] === "flock") {
        options.onOutput?.("held\n", "stdout");
        await options.holdInput;
      }
      return await spawn(argv, options);
    };
  }

  /** The properties that `systemctl show` tells, one block for each unit asked for. */
  showUnits(units: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
    this.answers["systemctl show"] = (argv) => {
      const asked = argv.slice(argv.indexOf("--") + 1);
      const names = asked.some((name) => name.startsWith("*")) ? Object.keys(units) : asked;
      const blocks = names.map((name) =>
        Object.entries({ Id: name, ...units[name] }).map(([key, value]) => `${key}=${value}\n`),
      );
      return { stdout: blocks.map((block) => block.join("")).join("\n") };
    };
  }

  /** A unit's control group with processes; each group above it is one too. */
  group(path: string, ...processes: number[]): void {
    for (let above = dirname(path); above !== "/"; above = dirname(above)) {
      const known = this.folder.at(`sys/fs/cgroup${above}/cgroup.procs`);
      if (!existsSync(known)) this.folder.write(`sys/fs/cgroup${above}/cgroup.procs`, "");
    }
    const list = processes.map((id) => `${id}\n`).join("");
    this.folder.write(`sys/fs/cgroup${path}/cgroup.procs`, list);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
