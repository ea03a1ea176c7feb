import { EXIT } from "../core/outcome.ts";
import { jsonLine, printableLine } from "../core/printable.ts";
import type { Paths } from "../host/files/paths.ts";
import type { Spawn } from "../host/process/spawn.ts";
import type { Narration } from "../host/systemd/journal.ts";
import { type Style, styleFor, type Terminal } from "../view/style.ts";

export interface Writer {
  readonly write: (text: string) => unknown;
}

export interface Context {
  readonly version: string;
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly narration: () => Narration;
  /** The terminal behind stdout; null for a file or a pipe. */
  readonly terminal: () => Terminal | null;
  /** Asks a question on the terminal; the answer is null if there is no terminal. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  readonly hostName: string;
  /** The addresses of the network interfaces of this host. */
  readonly ownAddresses: () => Promise<readonly string[]>;
  /** How this program is started: the interpreter and the script. */
  readonly self: readonly string[];
  readonly now: () => Date;
  /** Milliseconds since some moment; does not jump if the clock is set. */
  readonly elapsedMs: () => number;
  /** From 0 up to but not including 1. Makes ids of the same second differ; guards nothing. */
  readonly random: () => number;
  readonly spawn: Spawn;
  readonly paths: Paths;
  /**
   * After the first call, SIGTERM and SIGINT abort this signal instead of ending the process, and
   * SIGHUP (a lost terminal) does nothing. With `stop`, for commands that only show something,
   * SIGHUP and a lost reader of stdout abort it too.
   */
  readonly stopSignal: (whenUnseen?: "stop") => AbortSignal;
  /** Why part of stdout could not be written; null also if its reader has gone. */
  readonly unwritten: () => string | null;
  /** Whether the reader of stdout has gone, like `head` when it has enough; known after a write. */
  readonly isReaderGone: () => boolean;
}

/** The options that every command takes, and --json, which most take. */
export interface CommonOptions {
  readonly config?: string;
  readonly stateDir?: string;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly json?: true;
}

export function styleOf({ terminal, env }: Context): Style {
  return styleFor(terminal(), env);
}

export function print(context: Context, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** Prints what a command is there to show: as JSON with --json, else as lines. */
export function printResult(
  context: Context,
  { json }: CommonOptions,
  toJson: () => object,
  toLines: () => readonly string[],
): void {
  const lines = json === true ? [jsonLine(toJson())] : toLines();
  for (const line of lines) print(context, line);
}

/** Prints the result of a command that acts or waits. With --quiet its exit code says it. */
export function printOutcome(
  context: Context,
  options: CommonOptions,
  toJson: () => object,
  toLines: () => readonly string[],
): void {
  printResult(context, options, toJson, () => (options.quiet === true ? [] : toLines()));
}

/** Prints a line about an act for a person; the result of --json holds what it says. */
export function tell(context: Context, { quiet, json }: CommonOptions, line: string): void {
  if (quiet !== true && json !== true) print(context, `deploy-finalize: ${line}`);
}

/** Says on stderr what a person must know of a result that --quiet leaves out. */
export function complainInstead(
  context: Context,
  { quiet, json }: CommonOptions,
  line: string,
): void {
  if (quiet === true && json !== true) complain(context, line);
}

/**
 * Prints an error, also with --quiet. Whatever is in it of other programs or users, it makes no
 * further line: on stderr of a unit that is a journal entry.
 */
export function complain(context: Context, why: string | readonly string[]): void {
  const lines = typeof why === "string" ? [why] : why;
  const text = lines.map((line) => `${printableLine(line)}\n`).join("");
  context.stderr.write(`deploy-finalize: ${text}`);
}

/** Commands that only show something. */
const ONLY_SHOW = new Set(["help", "explain", "status", "history", "log", "report-bug"]);

/** Words of other commands, with which they only show something. */
const ONLY_SHOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ["lock", ["status"]],
  ["fleet", ["status", "history"]],
]);

/**
 * The exit code of a command whose output may be incomplete. Lost output is a failure only for a
 * command that does nothing else: a deployer undoes a deploy if scheduling fails.
 *
 * @param words the arguments, the command first
 */
export function exitCodeAfterOutput(
  context: Context,
  words: readonly string[],
  exitCode: number,
): number {
  const why = context.unwritten();
  if (why === null) return exitCode;
  complain(context, `cannot write to standard output: ${why}`);
  const [command = ""] = words;
  const isShown = ONLY_SHOWN.get(command)?.some((word) => words.includes(word)) ?? false;
  const onlyShows = words.includes("--dry-run") || isShown || ONLY_SHOW.has(command);
  return onlyShows && exitCode === EXIT.done ? EXIT.failed : exitCode;
}
