import type { Context } from "../../src/cli/context.ts";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { pathsUnder } from "../../src/host/files/paths.ts";
import type { Ended, Spawn } from "../../src/host/process/spawn.ts";
import type { Terminal } from "../../src/view/style.ts";
import { Folder } from "./folder.ts";
import { makeToplevel } from "./systems.ts";

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A NixOS-shaped folder tree with a stand-in for programs, for what needs no
 * systemd. What programs really do is shown on the test host.
 */
export class FakeHost implements Disposable {
  readonly folder = new Folder();
  readonly booted = makeToplevel(this.folder, "booted");
  readonly ran: (readonly string[])[] = [];
  /** How each program ends, by its name; success without output where it is not listed. */
  readonly ends: Record<string, Partial<Ended>> = {};
  /** What has been written to stdout so far. */
  readonly lines: string[] = [];
  /** Aborted, it stands for a SIGTERM. */
  readonly stop = new AbortController();
  userId = 0;
  /** Milliseconds since 1970: the clock, which stands still. */
  time = Date.parse("2026-11-22T21:30:00Z");
  #passedMs = 0;
  terminal: Terminal | null = null;
  env: Readonly<Record<string, string>> = {};
  /** What the person at the terminal answers; null where nobody is there. */
  answer: string | null = null;

  constructor() {
    this.folder.link("run/booted-system", this.booted);
    this.folder.link("run/current-system", this.booted);
    this.folder.write("nix/var/nix/gcroots/.keep", "");
    this.folder.write("run/systemd/system/.keep", "");
    this.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  }

  /** Time passes by both clocks. */
  passes(ms: number): void {
    this.time += ms;
    this.#passedMs += ms;
  }

  setProfile(toplevel: string): void {
    this.folder.link("profiles/system-2-link", toplevel);
    this.folder.link("profiles/system", "system-2-link");
  }

  /** What programs were given on standard input, those that were given anything. */
  readonly given: string[] = [];

  spawn: Spawn = async (argv, { input = "", onOutput, holdInput } = {}) => {
    if (argv[0] === "flock" && this.ends["flock"] === undefined) {
      onOutput?.("held\n", "stdout");
      // A lock that ends earlier is lost.
      await holdInput;
      return { argv, exitCode: 0, cause: null, stdout: "", stderr: "" };
    }
    this.ran.push(argv);
    if (input !== "") this.given.push(input);
    const end = this.ends[argv[0] ?? ""];
    if (end?.stdout !== undefined) onOutput?.(end.stdout, "stdout");
    if (end?.stdout === "held\n") await holdInput;
    return { argv, exitCode: 0, cause: null, stdout: "", stderr: "", ...end };
  };

  ownAddresses: readonly string[] = [];

  async call(...args: string[]): Promise<Said> {
    const said = { stdout: "", stderr: "" };
    return { exitCode: await runCommandLine(this.context(said), args), ...said };
  }

  /** What a command gets that runs on this host. */
  context(said: { stdout: string; stderr: string }): Context {
    return {
      version: "0.0.0",
      stdout: {
        write: (text: string) => {
          this.lines.push(text);
          said.stdout += text;
        },
      },
      stderr: { write: (text: string) => (said.stderr += text) },
      narration: () => "elsewhere",
      terminal: () => this.terminal,
      ask: async () => this.answer,
      env: { PATH: "/bin", ...this.env },
      userId: this.userId,
      hostName: "web1",
      ownAddresses: async () => this.ownAddresses,
      self: ["/node", "/deploy-finalize.cjs"],
      now: () => new Date(this.time),
      elapsedMs: () => performance.now() + this.#passedMs,
      random: () => 0,
      spawn: this.spawn,
      paths: pathsUnder(this.folder.path),
      stopSignal: () => this.stop.signal,
      unwritten: () => null,
      isReaderGone: () => false,
    };
  }

  /** `schedule` with the profile and state folder of this host. */
  async schedule(...args: string[]): Promise<Said> {
    const places = ["--profile", this.folder.at("profiles/system")];
    return await this.call(...places, "--state-dir", this.folder.at("state"), ...args);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
