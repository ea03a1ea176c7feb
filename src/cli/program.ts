import { Command, CommanderError, InvalidArgumentError } from "commander";
import { ID_PATTERN } from "../core/id.ts";
import { EXIT } from "../core/outcome.ts";
import { nearest } from "../core/nearest.ts";
import { Refusal } from "../core/refusal.ts";
import { parseSpan } from "../core/span.ts";
import type { CommonOptions, Context } from "./context.ts";
import type { ScheduleOptions } from "./schedule.ts";

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
  const words = commandFirst(args, known);
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

const TAKE_A_VALUE = new Set(["--config", "--state-dir", "--delay", "--profile"]);

/** Options may stand before the command too: a wrapper puts its own there. */
function commandFirst(args: readonly string[], known: ReadonlySet<string>): string[] {
  const isValue = (index: number): boolean => TAKE_A_VALUE.has(args[index - 1] ?? "");
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

function buildProgram(context: Context, end: (exitCode: number) => void): Command {
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

  addSchedule(program, context);
  addRequests(program, context);
  addUnitCommands(program, context, end);
  return program;
}

function addSchedule(program: Command, context: Context): void {
  withCommonOptions(program.command("schedule", { isDefault: true }))
    .description("decide between switch and reboot, record it and arm the timer (the default)")
    .option("--dry-run", "show what would happen and change nothing")
    .option("--delay <span>", "wait at least this long: seconds, or 90s, 5min", readSpan)
    .option("--profile <path>", "the profile whose system is to be made the running one")
    .option("--json", "print the result as JSON")
    .action(async (options: ScheduleOptions) => {
      const { schedule } = await import("./schedule.ts");
      await schedule(context, options);
    });
}

function addRequests(program: Command, context: Context): void {
  withCommonOptions(program.command("cancel"))
    .description("drop a finalization that has not begun to act")
    .argument("[id]", "the finalization; the newest by default", readId)
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { cancel } = await import("./requests.ts");
      await cancel(context, id, options);
    });

  withCommonOptions(program.command("confirm"))
    .description("confirm a finalization that waits for it")
    .argument("[id]", "the finalization; the newest by default", readId)
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { confirm } = await import("./requests.ts");
      await confirm(context, id, options);
    });
}

/** What systemd calls. */
function addUnitCommands(
  program: Command,
  context: Context,
  end: (exitCode: number) => void,
): void {
  withCommonOptions(program.command("run"))
    .description("drive a finalization to its end (for its unit)")
    .argument("<id>", "the finalization", readId)
    .action(async (id: string, options: CommonOptions) => {
      const { run } = await import("./run.ts");
      end(await run(context, id, options));
    });

  withCommonOptions(program.command("resume"))
    .description("take up unfinished finalizations after a boot (for its unit)")
    .action(async (options: CommonOptions) => {
      const { resume } = await import("./resume.ts");
      end(await resume(context, options));
    });
}

function withCommonOptions(command: Command): Command {
  return command
    .option("--config <file>", "the configuration file")
    .option("--state-dir <dir>", "where the records are kept")
    .option("-q, --quiet", "no narration")
    .option("-v, --verbose", "name every program that is run");
}

function readSpan(text: string): number {
  const seconds = parseSpan(text);
  if (seconds !== null) return seconds;
  throw new InvalidArgumentError("Use whole seconds, 0 and up, or a span such as 90s, 5min, 1h.");
}

function readId(text: string): string {
  if (ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("An id looks like 20261122-213000-k3f9.");
}
