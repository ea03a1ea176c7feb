import type { Command, Option } from "commander";
import type { Context } from "../../src/cli/context.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { pathsUnder } from "../../src/host/files/paths.ts";

/** The command line as the documentation and the completions tell of it, taken from the program itself. */
export interface Outline {
  readonly description: string;
  readonly commands: readonly CommandOutline[];
  /** What every command takes, in the order of the help. */
  readonly common: readonly OptionOutline[];
}

export interface CommandOutline {
  readonly name: string;
  readonly description: string;
  /** As shown in a usage line: `<id>`, `[id]`. */
  readonly arguments: readonly ArgumentOutline[];
  /** Those that not every command takes. */
  readonly own: readonly OptionOutline[];
}

export interface ArgumentOutline {
  readonly usage: string;
  readonly description: string;
  /** What it may be; empty where that is not a list. */
  readonly choices: readonly string[];
}

export interface OptionOutline {
  /** With its dashes, in the order of the help. */
  readonly names: readonly string[];
  /** As shown in the help, `<file>`; null for a switch. */
  readonly value: string | null;
  readonly description: string;
  /** What its value may be; empty where that is not a list. */
  readonly choices: readonly string[];
}

/** A program that is only looked at: nothing of the context is touched. */
const UNTOUCHED: Context = {
  version: "0",
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  narration: () => "elsewhere",
  terminal: () => null,
  ask: async () => null,
  env: {},
  userId: 0,
  hostName: "",
  ownAddresses: async () => [],
  self: [],
  now: () => new Date(0),
  elapsedMs: () => 0,
  random: () => 0,
  spawn: async (argv) => ({ argv, exitCode: 0, cause: null, stdout: "", stderr: "" }),
  paths: pathsUnder("/"),
  stopSignal: () => new AbortController().signal,
  unwritten: () => null,
  isReaderGone: () => false,
};

export function theProgram(): Command {
  return buildProgram(UNTOUCHED, () => {});
}

export function outline(program: Command): Outline {
  const commands = visible(program);
  const all = commands.map(
    (command) => new Set(optionsOf(command).map(({ names }) => names.join())),
  );
  const common = (commands[0] === undefined ? [] : optionsOf(commands[0])).filter(({ names }) =>
    all.every((known) => known.has(names.join())),
  );
  return {
    description: program.description(),
    commands: commands.map((command) => outlineOf(command, common)),
    common,
  };
}

function outlineOf(command: Command, common: readonly OptionOutline[]): CommandOutline {
  const known = new Set(common.map(({ names }) => names.join()));
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      usage: argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    own: optionsOf(command).filter(({ names }) => !known.has(names.join())),
  };
}

/** Without `help`, which the option parser adds. */
function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== "help");
}

function optionsOf(command: Command): OptionOutline[] {
  return command.options
    .filter((option) => !option.hidden)
    .map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
      value: valueOf(option),
      description: option.description,
      choices: option.argChoices ?? [],
    }));
}

function valueOf({ flags }: Option): string | null {
  return /<[^>]*>|\[[^\]]*\]/.exec(flags)?.[0] ?? null;
}
