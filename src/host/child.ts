import type { ChildProcess } from "node:child_process";
import { messageOf } from "../core/refusal.ts";
import type { Ended } from "./spawn.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Program {
  readonly argv: readonly string[];
  readonly env: Environment;
}

/** What Node tells of the end of a program. */
export interface NodeEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it did not start. */
  readonly error?: Error | undefined;
}

export async function whenEnded(child: ChildProcess): Promise<NodeEnd> {
  return await new Promise((resolve) => {
    child.on("error", (error) => {
      resolve({ exitCode: null, signal: null, error });
    });
    child.on("close", (exitCode, signal) => {
      resolve({ exitCode, signal });
    });
  });
}

export function endOf(
  { argv }: Program,
  { exitCode, signal, error }: NodeEnd,
  output: Pick<Ended, "stdout" | "stderr">,
): Ended {
  const killed = exitCode === null ? `was killed by ${signal}` : null;
  return {
    argv,
    exitCode,
    cause: error === undefined ? killed : whyNotStarted(argv, error),
    ...output,
  };
}

function whyNotStarted([file]: readonly string[], error: Error): string {
  const isMissing = "code" in error && error.code === "ENOENT";
  return isMissing ? `could not be started: ${file} is not in PATH` : messageOf(error);
}
