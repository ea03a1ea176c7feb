import { Command, CommanderError } from "commander";
import { EXIT } from "../core/outcome.ts";
import { nearest } from "../core/nearest.ts";
import { Refusal } from "../core/refusal.ts";
import type { AddCommand, Cli } from "./command.ts";
import { newCommand, readSpan, withJson } from "./command.ts";
import type { Context } from "./context.ts";
import { addCancel, addConfirm } from "./requests.ts";
import { addResume } from "./resume.ts";
import { addRun } from "./run.ts";
import { schedule, type ScheduleOptions } from "./schedule.ts";

/** Every command, in the order of the help. */
const COMMANDS: readonly AddCommand[] = [addSchedule, addCancel, addConfirm, addRun, addResume];

const HELP_FOOTER = `
Without a command it schedules; its options: deploy-finalize schedule --help.
Exit codes: 0 done, 1 refused or failed, 2 usage, 3 rolled back, 4 superseded or
cancelled, 75 not finished.`;

/**
 * Runs any command line by the option parser.
 *
 * @param args the arguments after the program's name
 * @returns the exit code
 * @throws Refusal from the command
 */
export async function runProgram(context: Context, args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  const known = new Set([...program.commands.map((command) => command.name()), "help"]);
  const words = commandFirst(program, args, known);
  const unknown = unknownCommand(known, words[0]);
  if (unknown !== null) throw new Refusal(unknown, EXIT.usage);
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
}

/** Options may stand before the command too: a wrapper puts its own there. */
function commandFirst(
  program: Command,
  args: readonly string[],
  known: ReadonlySet<string>,
): string[] {
  const options = program.commands.flatMap((command) => command.options);
  const takeAValue = new Set(options.filter(({ required }) => required).map(({ long }) => long));
  const isValue = (index: number): boolean => takeAValue.has(args[index - 1]);
  const at = args.findIndex((word, index) => known.has(word) && !isValue(index));
  const command = args[at];
  if (command === undefined || args.slice(0, at).some((word) => word === "--")) return [...args];
  return [command, ...args.slice(0, at), ...args.slice(at + 1)];
}

/** The option parser takes a word that is no command for an argument of the default one. */
function unknownCommand(known: ReadonlySet<string>, word: string | undefined): string | null {
  if (word === undefined || word.startsWith("-") || known.has(word)) return null;
  const meant = nearest(word, [...known]);
  const hint = meant === null ? `Commands: ${[...known].join(", ")}` : `Did you mean ${meant}?`;
  return `unknown command ${JSON.stringify(word)}. ${hint}`;
}

/** The whole program, as the parser, the help and the documentation's tests see it. */
export function buildProgram(context: Context, end: Cli["end"]): Command {
  const program = new Command("deploy-finalize")
    .description(
      "Makes a deployed NixOS system the running one, after the deploying job has ended.",
    )
    .version(context.version, "--version")
    .addHelpText("after", HELP_FOOTER)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(`deploy-finalize: ${text.replace(/^error: /, "")}`),
    });
  for (const add of COMMANDS) add({ program, context, end });
  return program;
}

/** Stands here and not with `schedule`, which is to load without the option parser. */
function addSchedule(cli: Cli): void {
  withJson(newCommand(cli, "schedule", "default"))
    .description("decide between switch and reboot, record it and arm the timer (the default)")
    .option("--dry-run", "show what would happen and change nothing")
    .option("--delay <span>", "wait at least this long: seconds, or 90s, 5min", readSpan)
    .option("--profile <path>", "the profile whose system is to be made the running one")
    .action(async (options: ScheduleOptions) => {
      await schedule(cli.context, options);
    });
}
