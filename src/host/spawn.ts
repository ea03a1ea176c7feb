import { spawn as spawnChild } from "node:child_process";
import { endOf, type Environment, type Program, whenCutOff, whenEnded } from "./child.ts";
import { spawnBlocking, spawnWithOurStreams } from "./spawn-otherwise.ts";

export interface SpawnOptions {
  /** Added to the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of output as it comes; both streams are collected all the same. */
  readonly onOutput?: (text: string) => void;
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string;
  /** Keeps standard input open until this resolves. */
  readonly holdInput?: Promise<void>;
  /** Kills the program when aborted, with all that it has started, and waits for no more. */
  readonly signal?: AbortSignal;
  /**
   * `blocking`: nothing else is done meanwhile, which costs less (notes/node-start.md); of the
   * other options only `env`, `input` and `timeoutMs` count.
   */
  readonly wait?: "for-end" | "blocking";
  /** Kills a program that is waited for `blocking` and takes longer. */
  readonly timeoutMs?: number;
  /** `ours`: it reads and writes where we do, and shares our terminal: for a pager. Nothing is collected. */
  readonly streams?: "collected" | "ours";
}

/** How a program ended. */
export interface Ended {
  readonly argv: readonly string[];
  /** Null where it was killed by a signal or never started. */
  readonly exitCode: number | null;
  /** Why there is no exit code. */
  readonly cause: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never rejects: that it could not be started is an end like any other. */
export type Spawn = (argv: readonly string[], options?: SpawnOptions) => Promise<Ended>;

/**
 * The one place that starts programs. Each but a pager gets a session of its own, so that a
 * terminal that goes away takes down neither us nor an activation half-way.
 */
export function makeSpawn(baseEnv: Environment): Spawn {
  return async (argv, options = {}) => {
    const program = { argv, env: { ...baseEnv, ...options.env } };
    if (options.streams === "ours") return await spawnWithOurStreams(program, options.signal);
    if (options.wait === "blocking") {
      return spawnBlocking(program, options.input ?? "", options.timeoutMs);
    }
    return await spawnCollecting(program, options);
  };
}

async function spawnCollecting(program: Program, options: SpawnOptions): Promise<Ended> {
  const { input = "", holdInput, onOutput, signal } = options;
  const [file = "", ...args] = program.argv;
  const child = spawnChild(file, args, {
    env: program.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  child.stdin.on("error", () => {}); // The program may end without reading it all.
  if (holdInput === undefined) child.stdin.end(input);
  else {
    child.stdin.write(input);
    void holdInput.then(() => child.stdin.end());
  }
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
      onOutput?.(text);
    });
  }
  const ends = signal ? [whenEnded(child), whenCutOff(child, signal)] : [whenEnded(child)];
  return endOf(program, await Promise.race(ends), output);
}

/** One line for people: what ran, how it ended, and what it said last on stderr. */
export function describeEnd(ended: Ended): string {
  const how = ended.cause ?? `ended with exit code ${ended.exitCode}`;
  const said = (ended.stderr.trim() || ended.stdout.trim()).split("\n").slice(-3).join("; ");
  return `${ended.argv[0]} ${how}${said === "" ? "" : `: ${said}`}`;
}
