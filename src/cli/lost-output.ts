import { EXIT } from "../core/outcome.ts";
import { complain, type Context } from "./context.ts";

/** Commands that do nothing but tell. */
const ONLY_TELL = new Set(["help", "explain", "status", "history", "log"]);

/**
 * The exit code of a command, part of whose output may be lost: a failure only where it had nothing
 * else to do. Whoever is told that scheduling failed would undo a deploy that is armed.
 *
 * @param words the command first
 */
export function exitCodeTold(context: Context, words: readonly string[], exitCode: number): number {
  const why = context.unwritten();
  if (why === null) return exitCode;
  complain(context, `cannot write to standard output: ${why}`);
  const isLockStatus = words[0] === "lock" && words.includes("status");
  const onlyTells = words.includes("--dry-run") || isLockStatus || ONLY_TELL.has(words[0] ?? "");
  return onlyTells && exitCode === EXIT.done ? EXIT.failed : exitCode;
}
