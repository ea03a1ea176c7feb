import { EXIT } from "./outcome.ts";

/**
 * An error that the user can fix: the message says what is wrong, where, and what to do. Shown without
 * a stack trace.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly exitCode: number;
  /** The lines of the message; a line never has more than one. */
  readonly lines: readonly string[];

  constructor(message: string | readonly string[], exitCode: number = EXIT.failed) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.join("\n"));
    this.lines = lines;
    this.exitCode = exitCode;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error code of a failed system call (`ENOENT`, …), or null for any other error. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}
