import { printableLines } from "../core/printable.ts";
import { Command, CommanderError } from "commander";
import { EXIT } from "../core/outcome.ts";
import { nearest } from "../core/nearest.ts";
import { Refusal } from "../core/refusal.ts";
import { type AddCommand, type Cli, newCommand, readPath, readSpan, withJson } from "./command.ts";
import { type Context, exitCodeAfterOutput } from "./context.ts";
import { helpWith } from "./commands/by-hand/help.ts";
import { addHistory } from "./commands/history.ts";
import { addLock } from "./commands/lock.ts";
import { addLog } from "./commands/log.ts";
import { addCancel } from "./commands/cancel.ts";
import { addCheckConfig } from "./commands/check-config.ts";
import { addConfirm } from "./commands/confirm.ts";
import { addExplain } from "./commands/explain.ts";
import { addNow } from "./commands/by-hand/now.ts";
import { addReportBug } from "./commands/by-hand/report-bug.ts";
import { addRetry } from "./commands/by-hand/retry.ts";
import { addUndo } from "./commands/by-hand/undo.ts";
import { addRollback } from "./commands/by-hand/rollback.ts";
import { addCompleteIds } from "./commands/complete-ids.ts";
import { addDeliver } from "./commands/deliver.ts";
import { addBootComplete } from "./commands/units/boot-complete.ts";
import { addResume } from "./commands/resume.ts";
import { addRun } from "./commands/run.ts";
import { schedule, type ScheduleOptions } from "./commands/schedule.ts";
import { addStatus } from "./commands/status.ts";
import { addWait } from "./commands/wait.ts";

const COMMANDS: Readonly<Record<string, AddCommand>> = {
  schedule: addSchedule,
  explain: addExplain,
  status: addStatus,
  wait: addWait,
  history: addHistory,
  log: addLog,
  cancel: addCancel,
  now: addNow,
  confirm: addConfirm,
  rollback: addRollback,
  retry: addRetry,
  undo: addUndo,
  lock: addLock,
  "check-config": addCheckConfig,
  "report-bug": addReportBug,
  run: addRun,
  resume: addResume,
  "boot-complete": addBootComplete,
  deliver: addDeliver,
  "complete-ids": addCompleteIds,
};

const HELP_FOOTER = `
To know what to do about a reason that status shows: deploy-finalize help REASON.
Without a command, deploy-finalize runs \`schedule\`. See: deploy-finalize schedule --help.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 rolled back,
4 superseded or cancelled, 75 not finished yet.`;

/**
 * Runs any command line with the option parser.
 *
 * @param args the arguments after the program's name
 * @returns the exit code
 * @throws Refusal from the command
 */
export async function runProgram(context: Context, args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const [first = ""] = args;
  const only = Object.hasOwn(COMMANDS, first) ? first : null;
  const end = (code: number): void => {
    exitCode = code;
  };
  const program = buildProgram(context, end, only);
  const topic = topicAmong(program, args);
  if (topic !== null) return await helpWith(context, topic, shownCommands(program));
  const words = commandFirst(program, args);
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCodeAfterOutput(context, words, exitCode);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodeAfterOutput(context, ["help"], EXIT.done) : EXIT.usage;
  }
}

/**
 * Moves the command to the front: a wrapper may put its own options before it.
 *
 * @throws Refusal (usage) for an unknown command, which the parser would take for an argument of the default command
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

/** Whether the word at an index is an argument: neither an option nor the value of an option. */
function wordsAmong(program: Command, args: readonly string[]): (index: number) => boolean {
  const options = program.commands.flatMap((command) => command.options);
  const withValue = options.filter(({ required }) => required);
  const takeAValue = new Set(withValue.flatMap(({ long, short }) => [long, short]));
  const isValue = (index: number): boolean => takeAValue.has(args[index - 1] ?? "");
  return (index) => args[index]?.startsWith("-") === false && !isValue(index);
}

/** The words after `help`, if they do not name a command. */
function topicAmong(program: Command, args: readonly string[]): string | null {
  const isWord = wordsAmong(program, args);
  const [command, ...topic] = args.filter((_, index) => isWord(index));
  const isCommand = [...program.commands.map((one) => one.name()), "help"].includes(
    topic[0] ?? "help",
  );
  return command !== "help" || isCommand ? null : topic.join(" ");
}

/** The parser expects the command directly after `help`. */
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

function shownCommands(program: Command): string[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
}

function requireKnown(program: Command, word: string): void {
  if (word === "help" || program.commands.some((command) => command.name() === word)) return;
  const shown = shownCommands(program);
  const meant = nearest(word, shown);
  const hint = meant === null ? `Commands: ${shown.join(", ")}` : `Did you mean ${meant}?`;
  throw new Refusal(`unknown command ${JSON.stringify(word)}. ${hint}`, EXIT.usage);
}

/**
 * The program for the parser, the help and the tests of the documentation.
 *
 * @param only a command beside which no other is needed; to build them all takes longer than most
 *   commands
 */
export function buildProgram(
  context: Context,
  end: Cli["end"],
  only: string | null = null,
): Command {
  const program = new Command("deploy-finalize")
    .description(
      "Makes a deployed NixOS system the running system, after the deploying job has ended.",
    )
    .version(context.version, "--version")
    .addHelpText("after", HELP_FOOTER)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) =>
        context.stderr.write(`deploy-finalize: ${printableLines(text.replace(/^error: /, ""))}`),
    });
  for (const [name, add] of Object.entries(COMMANDS)) {
    if (only === null || name === only) add({ program, context, end });
  }
  return program;
}

/** Here and not next to `schedule`, which must load without the option parser. */
function addSchedule(cli: Cli): void {
  withJson(newCommand(cli, "schedule", "default"))
    .description("schedule the switch or reboot that makes the deploy live (the default command)")
    .option("--dry-run", "show what it would do; change nothing")
    .option(
      "--delay <span>",
      "wait at least this long: seconds, or a span such as 90s, 5min",
      readSpan,
    )
    .option("--revision <commit>", "the commit that the system was built from; reports show it")
    .option(
      "--rollout <name>",
      "the rollout of the fleet that the deploy belongs to (default: its commit)",
    )
    .option("--profile <path>", "the profile with the system to activate", readPath)
    .action(async (options: ScheduleOptions) => {
      await schedule(cli.context, options);
    });
}
