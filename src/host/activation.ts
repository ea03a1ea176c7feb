import { join } from "node:path";
import type { Host } from "./host.ts";

export type ActivationAction = "switch" | "boot" | "dry-activate";

export interface Activation {
  readonly exitCode: number;
  /** The last lines of its output. */
  readonly tail: readonly string[];
}

/** Lines of output that are worth keeping in a record. */
const TAIL_LINES = 20;

/** The exit code that stands for an end without one, such as a signal. */
const NO_EXIT_CODE = 255;

/** Runs a toplevel's switch-to-configuration; its output is passed on as it comes. */
export async function activate(
  host: Host,
  toplevel: string,
  action: ActivationAction,
): Promise<Activation> {
  const program = join(toplevel, "bin/switch-to-configuration");
  let output = "";
  const ended = await host.spawn([program, action], {
    onOutput: (text) => {
      output = (output + text).slice(-16_384);
      host.echo(text);
    },
  });
  const tail = output.trimEnd().split("\n").slice(-TAIL_LINES);
  if (ended.cause !== null) tail.push(`${program} ${ended.cause}`);
  return { exitCode: ended.exitCode ?? NO_EXIT_CODE, tail: tail.filter((line) => line !== "") };
}

/**
 * True where it ended because another process held its lock. Told by its words:
 * the exit code (11) is the number of an error (notes/switch-to-configuration.md).
 */
export function foundLockTaken({ exitCode, tail }: Activation): boolean {
  return exitCode !== 0 && tail.some((line) => /could not acquire lock/i.test(line));
}
