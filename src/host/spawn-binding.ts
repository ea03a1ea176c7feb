import { endOf, type Program } from "./child.ts";
import type { Ended } from "./spawn.ts";

/**
 * What Node's own `spawnSync` is made of, as far as it is used here: `lib/child_process.js` and
 * `src/spawn_sync.cc` of Node 24. Nothing documents it.
 */
export interface SpawnSyncBinding {
  readonly spawn: (options: {
    readonly file: string;
    /** From the program's own name on. */
    readonly args: readonly string[];
    readonly envPairs: readonly string[];
    readonly detached: boolean;
    /** After so many milliseconds the program gets the signal. */
    readonly timeout: number | undefined;
    readonly killSignal: number;
    readonly stdio: readonly Pipe[];
  }) => {
    /** A negative errno, also where a program ended well without reading its input. */
    readonly error?: number;
    readonly status: number | null;
    readonly signal: string | null;
    /** Null where nothing was started. */
    readonly output: readonly [null, Buffer, Buffer] | null;
  };
}

/** Seen from the program. */
interface Pipe {
  readonly type: "pipe";
  readonly readable: boolean;
  readonly writable: boolean;
  readonly input?: Buffer;
}

/** ETIMEDOUT of Linux. */
const TIMED_OUT = -110;
const SIGKILL = 9;
const OUTPUT: Pipe = { type: "pipe", readable: false, writable: true };

/**
 * Runs a program as `spawnSync` does, but without node:child_process, which loads streams and
 * sockets first: a twelfth of all that `schedule` takes (notes/node-start.md).
 *
 * @returns null where nothing was started; `spawnSync` then starts it, or knows why not
 */
export function spawnByBinding(
  binding: SpawnSyncBinding,
  program: Program,
  input: string,
  timeout?: number,
): Ended | null {
  const { argv, env } = program;
  const { error, status, signal, output } = binding.spawn({
    file: argv[0] ?? "",
    args: argv,
    envPairs: Object.entries(env).flatMap(pairOf),
    detached: true,
    timeout,
    killSignal: SIGKILL,
    stdio: [
      { type: "pipe", readable: true, writable: false, input: Buffer.from(input) },
      OUTPUT,
      OUTPUT,
    ],
  });
  if (output === null) return null;
  const [, stdout, stderr] = output;
  return endOf(
    program,
    { exitCode: status, signal, exceededMs: error === TIMED_OUT ? timeout : undefined },
    { stdout: stdout.toString(), stderr: stderr.toString() },
  );
}

function pairOf([name, value]: [string, string | undefined]): string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}
