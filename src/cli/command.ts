import { type Command, InvalidArgumentError } from "commander";
import { parseSpan } from "../core/span.ts";
import type { Context } from "./context.ts";

/** What a command needs to take its place in the program. */
export interface Cli {
  readonly program: Command;
  readonly context: Context;
  /** Ends the program with another exit code than 0. */
  readonly end: (exitCode: number) => void;
}

export type AddCommand = (cli: Cli) => void;

/** A command with the options that every command takes. */
export function newCommand({ program }: Cli, name: string, as?: "default" | "hidden"): Command {
  return program
    .command(name, { isDefault: as === "default", hidden: as === "hidden" })
    .option("--config <file>", "the configuration file", readPath)
    .option("--state-dir <dir>", "where the records are kept", readPath)
    .option("-q, --quiet", "say nothing but why it fails")
    .option("-v, --verbose", "name every program that is run");
}

/** The argument that names a finalization; `findRecord` resolves it. */
export function withId(command: Command): Command {
  return command.argument("[id]", "the finalization: how its id begins; else the newest that fits");
}

export function withJson(command: Command): Command {
  return command.option("--json", "print the result as JSON");
}

/** Reads the value of an option that is a path. */
export function readPath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It is empty: perhaps a variable that is not set.");
}

/** Reads the value of an option that is a span of time, into seconds. */
export function readSpan(text: string): number {
  const seconds = parseSpan(text);
  if (seconds !== null) return seconds;
  throw new InvalidArgumentError(
    "Use whole seconds from 0 to a year, or a span such as 90s, 5min, 1h.",
  );
}
