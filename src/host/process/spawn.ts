import { type ChildProcess, spawn as spawnChild } from "node:child_process";
import { printableLine } from "../../core/printable.ts";
import { messageOf } from "../../core/refusal.ts";
import { type Kill, type NodeEnd, whenCutOff, whenEnded } from "./child.ts";
import { type Keep, Output, TOO_MUCH } from "./output.ts";
import { timeLimit } from "./time.ts";

export interface SpawnOptions {
  /** Added to the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of output as it comes; both streams are collected all the same. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string;
  /** Keeps standard input open until this resolves. */
  readonly holdInput?: Promise<void>;
  /** Kills the program when aborted, with all that it has started, and waits for no more. */
  readonly signal?: AbortSignal;
  /** Kills a program that takes longer, as `signal` does, and says so in its `cause`. */
  readonly timeoutMs?: number;
  /**
   * `whole`, unless told otherwise: a program that prints more than can be kept has failed. `ends`: only
   * the beginning and the end of each stream are kept. `ours`: it reads and writes where we do, and
   * shares our terminal: for a pager. Nothing is collected.
   */
  readonly streams?: Keep | "ours";
}

/** How a program ended. */
export interface Ended {
  readonly argv: readonly string[];
  /** Null where it was killed by a signal, never started, or printed too much. */
  readonly exitCode: number | null;
  /** Why there is no exit code. */
  readonly cause: string | null;
  /** The signal that killed it. */
  readonly killedBy?: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never rejects: that it could not be started is an end like any other. */
export type Spawn = (argv: readonly string[], options?: SpawnOptions) => Promise<Ended>;

/** The parts of our own process that programs are started with. */
export interface OwnProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kill: Kill;
}

/** Output that is read by this program has no colours and no links, whatever the caller's environment asks for. */
const PLAIN_OUTPUT = { SYSTEMD_COLORS: "0", SYSTEMD_URLIFY: "0" } as const;

/** What a program of ours says to systemd is not what we say. */
const NOT_INHERITED = { NOTIFY_SOCKET: undefined } as const;

/**
 * The one place that starts programs. Each but a pager gets a session of its own, so that a
 * terminal that goes away takes down neither us nor an activation half-way.
 */
export function makeSpawn({ env: ownEnv, kill }: OwnProcess): Spawn {
  return async (argv, options = {}) => {
    const [file = "", ...args] = argv;
    if (options.streams === "ours") {
      const env = { ...ownEnv, ...NOT_INHERITED, ...options.env };
      const { signal } = options;
      const child = spawnChild(file, args, { env, stdio: "inherit", ...(signal && { signal }) });
      return endedAs(argv, await whenEnded(child), collect(child, "ends"));
    }
    const env = { ...ownEnv, ...NOT_INHERITED, ...PLAIN_OUTPUT, ...options.env };
    // Without its streams if there are no file descriptors left.
    const child: ChildProcess = spawnChild(file, args, { env, stdio: "pipe", detached: true });
    feed(child, options);
    const output = collect(child, options.streams ?? "whole", options.onOutput);
    return endedAs(argv, await endOf(child, options, kill), output);
  };
}

function feed({ stdin }: ChildProcess, { input = "", holdInput }: SpawnOptions): void {
  stdin?.on("error", () => {}); // The program may end without reading it all.
  if (holdInput === undefined) stdin?.end(input);
  else {
    stdin?.write(input);
    void holdInput.then(() => stdin?.end());
  }
}

type Printed = Readonly<Record<"stdout" | "stderr", Output>>;

/** What the program has printed so far; grows while it runs. */
function collect(child: ChildProcess, keep: Keep, onOutput?: SpawnOptions["onOutput"]): Printed {
  const output = { stdout: new Output(keep), stderr: new Output(keep) };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      output[stream].add(text);
      onOutput?.(text, stream);
    });
  }
  return output;
}

async function endOf(
  child: ChildProcess,
  { signal, timeoutMs }: SpawnOptions,
  kill: Kill,
): Promise<NodeEnd> {
  const limit = timeoutMs === undefined ? undefined : timeLimit(timeoutMs / 1000);
  const cuts = [signal, limit].filter((cut) => cut !== undefined);
  const ends = [whenEnded(child), ...cuts.map(async (cut) => await whenCutOff(child, cut, kill))];
  const end = await Promise.race(ends);
  return limit?.aborted === true ? { ...end, exceededMs: timeoutMs } : end;
}

function endedAs(
  argv: readonly string[],
  { exitCode, signal, error, exceededMs }: NodeEnd,
  printed: Printed,
): Ended {
  const late = exceededMs === undefined ? "" : ` after ${exceededMs / 1000} s`;
  const killed = exitCode === null ? `was killed by ${signal}${late}` : null;
  const output = { stdout: printed.stdout.text(), stderr: printed.stderr.text() };
  if (killed === null && (printed.stdout.isCut() || printed.stderr.isCut())) {
    return { argv, exitCode: null, cause: TOO_MUCH, ...output };
  }
  const cause = error === undefined ? killed : whyNotStarted(argv, error);
  const isForeign = signal !== null && exceededMs === undefined;
  return { argv, exitCode, cause, ...output, ...(isForeign && { killedBy: signal }) };
}

const MOST_ASKED = 3;

/**
 * Runs a program again that a signal has killed: that is no answer. Only for what may be done twice.
 *
 * @param signal ours, which kills the program too
 */
export async function untilAnswered(
  run: () => Promise<Ended>,
  signal?: AbortSignal,
): Promise<Ended> {
  for (let asked = 1; ; asked++) {
    const ended = await run();
    const isOver = ended.killedBy === undefined || asked === MOST_ASKED;
    if (isOver || signal?.aborted === true) return ended;
  }
}

function whyNotStarted([file]: readonly string[], error: Error): string {
  const isMissing = "code" in error && error.code === "ENOENT";
  return isMissing ? `could not be started: ${file} is not in PATH` : messageOf(error);
}

/** What a program printed. @throws Error if it failed */
export function outputOf(ended: Ended): string {
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return ended.stdout;
}

/** Why a program failed; null if it did not. */
export function problemOf(ended: Ended): string | null {
  return ended.exitCode === 0 ? null : describeEnd(ended);
}

/** What a program said last, in characters: it goes to records, reports and the journal. */
const MOST_SAID = 1000;

/** One line for people: what ran, how it ended, and what it said last on stderr. */
export function describeEnd(ended: Ended): string {
  const how = ended.cause ?? `ended with exit code ${ended.exitCode}`;
  const said = (ended.stderr.trim() || ended.stdout.trim()).split("\n").slice(-3).join("; ");
  return `${ended.argv[0]} ${how}${said === "" ? "" : `: ${printableLine(said, MOST_SAID)}`}`;
}
