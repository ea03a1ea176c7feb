import type { Context } from "../../../src/cli/context.ts";
import type { Paths } from "../../../src/host/files/paths.ts";
import type { Ended, Spawn, SpawnOptions } from "../../../src/host/process/spawn.ts";
import { type Process, SIGNAL_HANDLE } from "./process.ts";
import { SystemCallError } from "./errors.ts";
import { currentRun, type Run } from "./run.ts";
import type { TimeHost } from "./outside.ts";

export interface ProgramHost extends TimeHost {
  readonly startProgram: (
    process: Process,
    handle: number,
    argv: readonly string[],
    input: Input,
  ) => void;
  readonly closeInput: (process: Process, handle: number) => void;
  readonly killProgram: (process: Process, handle: number) => void;
  readonly now: () => number;
  readonly elapsedMs: () => number;
  readonly random: () => number;
}

export interface Input {
  readonly text: string;
  readonly end: "open" | "closed";
}

/** How units and people start the program on the simulated host. */
export const SELF = ["/run/current-system/sw/bin/node", "/run/current-system/sw/finalize.cjs"];

export function contextOf(run: Run, host: ProgramHost, paths: Paths): Context {
  const { process } = run;
  return {
    version: "simulated",
    stdout: { write: (text) => (process.stdout += run.isOver ? "" : text) },
    stderr: { write: (text) => (process.stderr += run.isOver ? "" : text) },
    narration: () => (process.env["DEPLOY_FINALIZE_UNIT"] === undefined ? "elsewhere" : "journal"),
    terminal: () => null,
    ask: async () => null,
    env: process.env,
    userId: 0,
    hostName: "simulated",
    ownAddresses: async () => [],
    self: SELF,
    now: () => new Date(run.call("now", "", host.now)),
    elapsedMs: () => run.call("elapsed", "", host.elapsedMs),
    random: () => run.call("random", "", host.random),
    spawn: spawnOn(host),
    paths,
    stopSignal: () => stopSignal(run),
    unwritten: () => null,
    isReaderGone: () => false,
  };
}

function stopSignal(run: Run): AbortSignal {
  const asked = new AbortController();
  run.call("handle signals", "", () => {
    run.process.signals = "ask";
  });
  run.listenToSignals(SIGNAL_HANDLE, () => {
    asked.abort();
  });
  return asked.signal;
}

function spawnOn(host: ProgramHost): Spawn {
  return async (argv, options = {}) =>
    await new Promise((resolve) => {
      new Child(host, argv, options, resolve).start();
    });
}

/** One program that the process starts, as `makeSpawn` treats it. */
class Child {
  readonly #host: ProgramHost;
  readonly #argv: readonly string[];
  readonly #options: SpawnOptions;
  readonly #resolve: (ended: Ended) => void;
  readonly #run = currentRun();
  readonly #handle: number;
  #stdout = "";

  constructor(
    host: ProgramHost,
    argv: readonly string[],
    options: SpawnOptions,
    resolve: (ended: Ended) => void,
  ) {
    this.#host = host;
    this.#argv = argv;
    this.#options = options;
    this.#resolve = resolve;
    this.#handle = this.#run.handle((happening) => {
      if (happening.kind === "output") {
        this.#stdout += happening.text;
        options.onOutput?.(happening.text, "stdout");
      }
      if (happening.kind === "ended") this.#end(happening.exitCode, null, happening.stderr);
    });
  }

  start(): void {
    const { input = "", holdInput, signal, timeoutMs } = this.#options;
    const end = holdInput === undefined ? "closed" : "open";
    const run = this.#run;
    const name = this.#argv.join(" ");
    try {
      run.call("spawn", name, () => {
        this.#host.startProgram(run.process, this.#handle, this.#argv, { text: input, end });
      });
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      this.#end(null, error.message, "");
      return;
    }
    void this.#closeInputAfter(holdInput);
    this.#limit(signal, timeoutMs);
  }

  async #closeInputAfter(letGo: Promise<void> | undefined): Promise<void> {
    if (letGo === undefined) return;
    await letGo;
    const run = this.#run;
    if (run.isOver) return;
    run.call("close input", this.#argv[0] ?? "", () => {
      this.#host.closeInput(run.process, this.#handle);
    });
  }

  #limit(signal: AbortSignal | undefined, timeoutMs: number | undefined): void {
    if (signal?.aborted === true) return this.#cut();
    signal?.addEventListener("abort", this.#cut, { once: true });
    if (timeoutMs === undefined) return;
    const { process } = this.#run;
    this.#timer = this.#run.handle(this.#cut);
    this.#run.call("timer", `${timeoutMs} ms`, () => {
      this.#host.addTimer(process, this.#timer, timeoutMs, "loose");
    });
  }
  #timer = -1;

  readonly #cut = (): void => {
    const run = this.#run;
    if (run.isOver) return;
    run.call("kill", this.#argv[0] ?? "", () => {
      this.#host.killProgram(run.process, this.#handle);
    });
    this.#end(null, "was killed by SIGKILL", "");
  };

  #end(exitCode: number | null, cause: string | null, stderr: string): void {
    const run = this.#run;
    run.forget(this.#handle);
    this.#options.signal?.removeEventListener("abort", this.#cut);
    if (this.#timer !== -1) {
      run.forget(this.#timer);
      run.call("clear timer", "", () => {
        this.#host.clear(run.process, this.#timer);
      });
    }
    const why = exitCode === null ? (cause ?? (stderr || "was killed by SIGKILL")) : null;
    this.#resolve({ argv: this.#argv, exitCode, cause: why, stdout: this.#stdout, stderr });
  }
}
