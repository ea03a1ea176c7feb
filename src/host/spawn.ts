import { spawn as spawnChild } from "node:child_process";
import { messageOf } from "../core/refusal.ts";

export interface SpawnOptions {
  /** Added to the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of output as it comes; both streams are collected all the same. */
  readonly onOutput?: (text: string) => void;
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string;
  /** Keeps standard input open until this resolves. */
  readonly holdInput?: Promise<void>;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
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
 * The one place that starts programs. Each gets a session of its own, so that a
 * terminal that goes away takes down neither us nor an activation half-way.
 */
export function makeSpawn(baseEnv: Readonly<Record<string, string | undefined>>): Spawn {
  return async (argv, options = {}) =>
    await new Promise((resolve) => {
      const { env = {}, onOutput, input = "", holdInput, signal } = options;
      const [program = "", ...args] = argv;
      const child = spawnChild(program, args, {
        env: { ...baseEnv, ...env },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
        ...(signal && { signal }),
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
      child.on("error", (error) => {
        resolve({ argv, exitCode: null, cause: whyNotStarted(program, error), ...output });
      });
      child.on("close", (exitCode, killedBy) => {
        const cause = exitCode === null ? `was killed by ${killedBy}` : null;
        resolve({ argv, exitCode, cause, ...output });
      });
    });
}

function whyNotStarted(program: string, error: unknown): string {
  const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
  return isMissing ? `could not be started: ${program} is not in PATH` : messageOf(error);
}

/** One line for people: what ran, how it ended, and what it said last on stderr. */
export function describeEnd(ended: Ended): string {
  const how = ended.cause ?? `ended with exit code ${ended.exitCode}`;
  const said = (ended.stderr.trim() || ended.stdout.trim()).split("\n").slice(-3).join("; ");
  return `${ended.argv[0]} ${how}${said === "" ? "" : `: ${said}`}`;
}
