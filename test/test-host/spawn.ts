import { spawn } from "node:child_process";
import { constants } from "node:os";

/** How a program ended. `exitCode` is 128 + signal number when a signal ended it. */
export type Ended = { exitCode: number; stdout: string; stderr: string };

export type SpawnOptions = {
  stdin?: string;
  env?: Record<string, string>;
  /** Milliseconds; the program is killed after that and `run` throws. Default 150 s: other hosts may keep the machine busy. */
  timeoutMs?: number;
};

/** Runs a program (an argv, never a shell string). A non-zero exit is an answer, not an error. */
export async function run(argv: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const [program = "", ...args] = argv;
  const timeoutMs = options.timeoutMs ?? 150_000;
  const child = spawn(program, args, { env: { ...process.env, ...options.env } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const streams = () => ({
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
  });
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A program that does not read its input closes it early: that is no error of ours.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      // Whatever it started may hold the pipes open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(
        new Error(
          `${describe(argv)}: not ended after ${timeoutMs} ms\n${streams().stdout}${streams().stderr}`,
        ),
      );
    }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${describe(argv)}`, { cause: error }));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? 128 + signalNumber(signal), ...streams() });
    });
  });
}

/** Like `run`, and throws with argv, exit code and both streams unless the exit code is 0. */
export async function ok(argv: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const ended = await run(argv, options);
  if (ended.exitCode !== 0) throw new Error(failure(argv, ended));
  return ended.stdout;
}

export function failure(argv: readonly string[], ended: Ended): string {
  return `${describe(argv)}: exit ${ended.exitCode}\n${ended.stdout}${ended.stderr}`;
}

function describe(argv: readonly string[]): string {
  return argv.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(" ");
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
