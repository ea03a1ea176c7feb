import { EXIT } from "../core/outcome.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { complain, type Context } from "./context.ts";
import { exitCodeTold } from "./lost-output.ts";
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
    const refusal = asRefusal(error);
    complain(context, refusal.message);
    return refusal.exitCode;
  }
}

/** Anything but a refusal is a defect of the program, except for what the system refuses. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error) || !("syscall" in error)) throw error;
  if (error.syscall !== "uv_cwd") return new Refusal(messageOf(error));
  return new Refusal("the current folder has been removed: change to another one");
}

async function dispatch(context: Context, args: readonly string[]): Promise<number> {
  const plain = readPlainSchedule(args);
  if (plain === null) {
    const { runProgram } = await import("./program.ts");
    return await runProgram(context, args);
  }
  await schedule(context, plain);
  return exitCodeTold(context, args, EXIT.done);
}
