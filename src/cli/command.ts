import { type Command, InvalidArgumentError } from "commander";
import { GROUP_PATTERN } from "../core/config/lock-config.ts";
import { parseSpan } from "../core/span.ts";
import type { Context } from "./context.ts";

export interface Cli {
  readonly program: Command;
  readonly context: Context;
  /** Sets the exit code, which is 0 without a call. */
  readonly end: (exitCode: number) => void;
}

export type AddCommand = (cli: Cli) => void;

/** The action of a command; a number that it returns is the exit code. */
export function acts<Words extends readonly unknown[]>(
  { context, end }: Cli,
  act: (context: Context, ...words: Words) => Promise<number> | Promise<void>,
): (...words: Words) => Promise<void> {
  return async (...words) => {
    const exitCode = await act(context, ...words);
    if (typeof exitCode === "number") end(exitCode);
  };
}

export function newCommand({ program }: Cli, name: string, as?: "default" | "hidden"): Command {
  return program
    .command(name, { isDefault: as === "default", hidden: as === "hidden" })
    .option("--config <file>", "the configuration file", readPath)
    .option("--state-dir <dir>", "the folder with the records", readPath)
    .option("-q, --quiet", "print only errors, and what the command is there to show")
    .option("-v, --verbose", "print each program that it runs");
}

export function withId(command: Command): Command {
  return command.argument(
    "[id]",
    "the ID of the finalization, or a part of it such as k3f9 (default: the newest that fits)",
  );
}

export function withJson(command: Command): Command {
  return command.option("--json", "print the result as JSON");
}

export function readPath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It is empty. Is a shell variable unset?");
}

export function readSpan(text: string): number {
  const seconds = parseSpan(text);
  if (seconds !== null) return seconds;
  throw new InvalidArgumentError(
    "Use whole seconds, or a span such as 90s, 5min or 1h. The maximum is one year.",
  );
}

export function readGroup(text: string): string {
  if (GROUP_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Use letters, digits, dots and dashes.");
}

export function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1 to 999999.");
}
