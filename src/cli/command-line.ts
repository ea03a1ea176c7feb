import { EXIT } from "../core/outcome.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import type { Context } from "./context.ts";
import { readPlainSchedule } from "./plain-schedule.ts";
import { schedule } from "./schedule.ts";

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
    if (!(error instanceof Refusal)) throw error;
    context.stderr.write(`deploy-finalize: ${messageOf(error)}\n`);
    return error.exitCode;
  }
}

async function dispatch(context: Context, args: readonly string[]): Promise<number> {
  const plain = readPlainSchedule(args);
  if (plain === null) {
    const { runProgram } = await import("./program.ts");
    return await runProgram(context, args);
  }
  await schedule(context, plain);
  return EXIT.done;
}
