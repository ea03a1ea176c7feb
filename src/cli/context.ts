import type { Host } from "../host/host.ts";
import { Journal, type Narration } from "../host/journal.ts";
import type { Paths } from "../host/paths.ts";
import type { Spawn } from "../host/spawn.ts";
import { reporterOf } from "./reporter.ts";
import { type Style, styleFor, type Terminal } from "../view/style.ts";

export interface Writer {
  readonly write: (text: string) => unknown;
}

/** All that a command may touch of the process it runs in. */
export interface Context {
  readonly version: string;
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly narration: () => Narration;
  /** The terminal that stdout is; null where it goes to a file or a pipe. */
  readonly terminal: () => Terminal | null;
  /** Asks a question on the terminal; answers null where nobody is there. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  readonly hostName: string;
  /** How this program is started: the interpreter and the script. */
  readonly self: readonly string[];
  readonly now: () => Date;
  /** Milliseconds since some moment; does not jump when the clock is set. */
  readonly elapsedMs: () => number;
  /** From 0 up to but not including 1; tells ids of one second apart, guards nothing. */
  readonly random: () => number;
  readonly spawn: Spawn;
  readonly paths: Paths;
  /**
   * From the first call on SIGTERM and SIGINT abort this instead of ending the process. A
   * terminal that goes away (SIGHUP) does nothing; with `stop`, for what only looks, it aborts
   * this too, and so does a reader of stdout that goes away.
   */
  readonly stopSignal: (whenUnseen?: "stop") => AbortSignal;
  /** From here on SIGTERM, SIGINT and a terminal that goes away (SIGHUP) do nothing. */
  readonly outlastSignals: () => void;
  /** Why part of what was for stdout could not be written; null also where its reader has gone. */
  readonly unwritten: () => string | null;
  /** Whether whoever read stdout has gone, as `head` does when it has enough: the last line told. */
  readonly isReaderGone: () => boolean;
}

/** The options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly stateDir?: string;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** How this call's screens are to be drawn. */
export function styleOf({ terminal, env }: Context): Style {
  return styleFor(terminal(), env);
}

export function print(context: Context, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** Says why the command fails: also with --quiet, which is for narration. */
export function complain(context: Context, why: string): void {
  context.stderr.write(`deploy-finalize: ${why}\n`);
}

/** The host as the edges see it, with the narration that was asked for. */
export function hostOf(context: Context, options: CommonOptions): Host {
  const say = (line: string): void => {
    if (options.quiet !== true) complain(context, line);
  };
  const spawn: Spawn = async (argv, spawnOptions) => {
    if (options.verbose === true) say(`runs ${argv.join(" ")}`);
    return await context.spawn(argv, spawnOptions);
  };
  const echo = (text: string): void => {
    context.stderr.write(text);
  };
  const journal = new Journal(spawn, say, context.narration);
  const { now, elapsedMs, paths } = context;
  const host: Host = { spawn, say, journal, echo, now, elapsedMs, paths };
  return { ...host, report: reporterOf(context, options, host) };
}
