import { spawn as spawnChild, spawnSync } from "node:child_process";
import { endOf, type Program, whenEnded } from "./child.ts";
import type { Ended } from "./spawn.ts";

/** The other ways to start a program than with its streams collected; `SpawnOptions` says what each is for. */

const NOTHING = { stdout: "", stderr: "" };

export async function spawnWithOurStreams(
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
  encoding: "utf8",
  maxBuffer: Infinity,
} as const;

export function spawnBlocking(program: Program, input: string, timeout?: number): Ended {
  const [file = "", ...args] = program.argv;
  const ended = spawnSync(file, args, { env: program.env, input, timeout, ...BLOCKING });
  const { status: exitCode, signal, error } = ended;
  return endOf(
    program,
    { exitCode, signal, error },
    {
      stdout: ended.stdout ?? "",
      stderr: ended.stderr ?? "",
    },
  );
}
