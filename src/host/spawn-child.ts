import { spawn as spawnChild, spawnSync } from "node:child_process";
import { codeOf } from "../core/refusal.ts";
import { endOf, type Kill, type Program, whenCutOff, whenEnded } from "./child.ts";
import type { Ended, SpawnOptions } from "./spawn.ts";

/** The ways to start a program by node:child_process; `SpawnOptions` says what each is for. */

const NOTHING = { stdout: "", stderr: "" };

export async function withOurStreams(
  program: Program,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  const [file = "", ...args] = program.argv;
  const how = { env: program.env, stdio: "inherit", ...(signal && { signal }) } as const;
  return endOf(program, await whenEnded(spawnChild(file, args, how)), NOTHING);
}

/** `detached` holds for spawnSync too, but neither Node's documentation nor its types have it. */
const BLOCKING = {
  stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"],
  detached: true,
  killSignal: "SIGKILL",
  encoding: "utf8",
  maxBuffer: Infinity,
} as const;

export function blocking(program: Program, input: string, timeout?: number): Ended {
  const [file = "", ...args] = program.argv;
  const ended = spawnSync(file, args, { env: program.env, input, timeout, ...BLOCKING });
  const { status: exitCode, signal } = ended;
  // Where it was started, what is said of its end is true of it, not that it left its input unread.
  const error = ended.pid === 0 ? ended.error : undefined;
  const exceededMs = codeOf(ended.error) === "ETIMEDOUT" ? timeout : undefined;
  const output = { stdout: ended.stdout ?? "", stderr: ended.stderr ?? "" };
  return endOf(program, { exitCode, signal, error, exceededMs }, output);
}

export async function collecting(
  program: Program,
  options: SpawnOptions,
  kill: Kill,
): Promise<Ended> {
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
      onOutput?.(text, stream);
    });
  }
  const ends = signal ? [whenEnded(child), whenCutOff(child, signal, kill)] : [whenEnded(child)];
  return endOf(program, await Promise.race(ends), output);
}
