import type { TerminalState } from "./states.ts";

/** The exit codes that scripts may rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  rolledBack: 3,
  dropped: 4,
  unfinished: 75,
} as const;

/** The exit code that tells how a finalization ended. */
export function exitCodeOf(state: TerminalState): number {
  switch (state) {
    case "live":
      return EXIT.done;
    case "failed":
      return EXIT.failed;
    case "rolled-back":
      return EXIT.rolledBack;
    case "superseded":
    case "cancelled":
      return EXIT.dropped;
  }
}
