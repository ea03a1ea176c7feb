import { Command, CommanderError } from "commander";
import { EXIT } from "../core/outcome.ts";
import { nearest } from "../core/nearest.ts";
import { Refusal } from "../core/refusal.ts";
import type { AddCommand, Cli } from "./command.ts";
import { newCommand, readSpan, withJson, readPath } from "./command.ts";
import type { Context } from "./context.ts";
import { addHistory } from "./history.ts";
import { addLock } from "./lock.ts";
import { addLog } from "./log.ts";
import { addCancel } from "./cancel.ts";
import { addConfirm } from "./confirm.ts";
import { addExplain } from "./explain.ts";
import { addRollback } from "./rollback.ts";
import { addCompleteIds } from "./complete-ids.ts";
import { addDeliver } from "./deliver.ts";
import { exitCodeTold } from "./lost-output.ts";
import { addResume } from "./resume.ts";
import { addRun } from "./run.ts";
import { schedule, type ScheduleOptions } from "./schedule.ts";
import { addStatus } from "./status.ts";
import { addWait } from "./wait.ts";

/** Every command, in the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addSchedule,
  addExplain,
  addStatus,
  addWait,
  addHistory,
  addLog,
  addCancel,
  addConfirm,
  addRollback,
  addLock,
  addRun,
  addResume,
  addDeliver,
  addCompleteIds,
];

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
  const words = commandFirst(program, args);
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCodeTold(context, words, exitCode);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodeTold(context, ["help"], EXIT.done) : EXIT.usage;
  }
}

/**
 * Options may stand before the command too: a wrapper puts its own there.
 *
 * @throws Refusal (usage) for a command that there is not: the parser would take it for an argument of the default one
 */
function commandFirst(program: Command, args: readonly string[]): string[] {
  const isWord = wordsAmong(program, args);
  const at = args.findIndex((_, index) => isWord(index));
  const command = args[at];
  if (command === undefined || args.slice(0, at).includes("--")) return [...args];
  requireKnown(program, command);
  if (command === "help") return helpFirst(program, args, isWord);
  return [command, ...args.slice(0, at), ...args.slice(at + 1)];
}

/** Tells of each place whether an argument stands there: neither an option nor the value of one. */
function wordsAmong(program: Command, args: readonly string[]): (index: number) => boolean {
  const options = program.commands.flatMap((command) => command.options);
  const withValue = options.filter(({ required }) => required);
  const takeAValue = new Set(withValue.flatMap(({ long, short }) => [long, short]));
  const isValue = (index: number): boolean => takeAValue.has(args[index - 1] ?? "");
  return (index) => args[index]?.startsWith("-") === false && !isValue(index);
}

/** The parser looks for the command right behind `help`. */
function helpFirst(
  program: Command,
  args: readonly string[],
  isWord: (index: number) => boolean,
): string[] {
  const words = args.filter((_, index) => isWord(index));
  if (words[1] === "help") words.pop();
  if (words[1] !== undefined) requireKnown(program, words[1]);
  return [...words, ...args.filter((_, index) => !isWord(index))];
}

function requireKnown(program: Command, word: string): void {
  if (word === "help" || program.commands.some((command) => command.name() === word)) return;
  const shown = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  const meant = nearest(word, shown);
  const hint = meant === null ? `Commands: ${shown.join(", ")}` : `Did you mean ${meant}?`;
  throw new Refusal(`unknown command ${JSON.stringify(word)}. ${hint}`, EXIT.usage);
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
    .option("--revision <commit>", "the commit that the system was made from, for reports")
    .option("--profile <path>", "the profile whose system is to be made the running one", readPath)
    .action(async (options: ScheduleOptions) => {
      await schedule(cli.context, options);
    });
}
