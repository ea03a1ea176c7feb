import { dirname, join } from "node:path";
import { readIfThere } from "../files/durable.ts";
import type { Host } from "../process/host.ts";
import { type Ended, untilAnswered } from "../process/spawn.ts";
import { ActivationListener, type ActivationWords } from "./activation-output.ts";

export type ActivationAction = "switch" | "test" | "boot" | "dry-activate";

export interface Activation extends ActivationWords {
  readonly exitCode: number;
  /** Whether it ended at once, because another process held its lock. */
  readonly isLockTaken: boolean;
  /** The last lines of its output. */
  readonly tail: readonly string[];
}

/** The number of output lines that a record keeps. */
const TAIL_LINES = 20;

/** The exit code for an end without one, such as a signal. */
const NO_EXIT_CODE = 255;

/** Runs a toplevel's switch-to-configuration and passes its output on. The signal kills it and its children. */
export async function activate(
  host: Pick<Host, "spawn" | "echo" | "paths">,
  toplevel: string,
  action: ActivationAction,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Activation> {
  const program = join(toplevel, "bin/switch-to-configuration");
  const listener = new ActivationListener();
  let output = "";
  const run = async (): Promise<Ended> =>
    await host.spawn([program, action], {
      ...(signal !== undefined && { signal }),
      streams: "ends",
      onOutput: (text, stream) => {
        output = (output + text).slice(-16_384);
        listener.hear(text, stream);
        host.echo(text);
      },
    });
  // What a killed switch has left undone is decided by the state machine.
  const ended = action === "boot" ? await untilAnswered(run, signal) : await run();
  const tail = output.trimEnd().split("\n").slice(-TAIL_LINES);
  if (ended.cause !== null) tail.push(`${program} ${ended.cause}`);
  const exitCode = ended.exitCode ?? NO_EXIT_CODE;
  const words = listener.words();
  const isBegun = words.progress === "begun" || (exitCode !== 0 && leftToDo(host).length > 0);
  return {
    ...words,
    progress: isBegun ? "begun" : "nothing-changed",
    exitCode,
    // Lists of another switch say nothing of this one, so only its own words count.
    isLockTaken: exitCode !== 0 && words.progress === "nothing-changed" && saysLockTaken(tail),
    tail: tail.filter((line) => line !== ""),
  };
}

/** The units that an activation has still to start, restart or reload: it keeps them in lists. */
export function leftToDo({ paths }: Pick<Host, "paths">): string[] {
  const folder = dirname(paths.switchLock);
  return ["start", "restart", "reload"].flatMap((job) =>
    (readIfThere(join(folder, `${job}-list`)) ?? "").split("\n").filter((unit) => unit !== ""),
  );
}

/**
 * The output decides, because the exit code (11) has other meanings too
 * (notes/switch-to-configuration.md). A line that only contains the words is from another program.
 */
function saysLockTaken(tail: readonly string[]): boolean {
  return tail.some((line) => /^(?:error: )?could not acquire lock/i.test(line));
}
