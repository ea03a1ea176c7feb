import { EXIT } from "../core/outcome.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { complain, type Context, exitCodeAfterOutput } from "./context.ts";
import { schedule, type ScheduleOptions } from "./commands/schedule.ts";
import { parseSpan } from "../core/span.ts";

/**
 * Runs one command line.
 *
 * @param args the arguments after the program's name
 * @returns the exit code
 */
export async function runCommandLine(context: Context, args: readonly string[]): Promise<number> {
  try {
    return await dispatch(context, args);
  } catch (error) {
    const refusal = asRefusal(error);
    complain(context, refusal.lines);
    return refusal.exitCode;
  }
}

/** Any error but a refusal or a failed system call is a defect of the program. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error) || !("syscall" in error)) throw error;
  if (error.syscall !== "uv_cwd") return new Refusal(messageOf(error));
  return new Refusal("the current folder was removed. Change to another one.");
}

async function dispatch(context: Context, args: readonly string[]): Promise<number> {
  const plain = readPlainSchedule(args);
  if (plain === null) {
    const { runProgram } = await import("./program.ts");
    return await runProgram(context, args);
  }
  await schedule(context, plain);
  return exitCodeAfterOutput(context, args, EXIT.done);
}

const SWITCHES = {
  "--dry-run": "dryRun",
  "--json": "json",
  "--quiet": "quiet",
  "-q": "quiet",
  "--verbose": "verbose",
  "-v": "verbose",
} as const;
const VALUES = {
  "--profile": "profile",
  "--config": "config",
  "--state-dir": "stateDir",
  "--revision": "revision",
  "--rollout": "rollout",
} as const;

type Reading = { -readonly [Key in keyof ScheduleOptions]: ScheduleOptions[Key] };

/**
 * Reads a simple `schedule` command line; null for any other, right or wrong. The option parser
 * gives the same result (plain-schedule.test.ts), but loading it and the other commands takes longer
 * than scheduling (notes/node-start.md).
 */
export function readPlainSchedule(args: readonly string[]): ScheduleOptions | null {
  const words = (args[0] === "schedule" ? args.slice(1) : args).values();
  const options: Reading = {};
  for (const word of words) {
    if (isKey(SWITCHES, word)) {
      options[SWITCHES[word]] = true;
      continue;
    }
    const value = words.next().value ?? "-";
    if (value.startsWith("-") || value === "") return null;
    if (isKey(VALUES, word)) options[VALUES[word]] = value;
    else if (word !== "--delay") return null;
    else {
      const seconds = parseSpan(value);
      if (seconds === null) return null;
      options.delay = seconds;
    }
  }
  return options;
}

function isKey<T extends object>(table: T, word: string): word is string & keyof T {
  return Object.hasOwn(table, word);
}
