import type { TerminalState } from "./states.ts";

/** Scripts rely on these exit codes. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  rolledBack: 3,
  dropped: 4,
  unfinished: 75,
} as const;

/**
 * The exit code of a finalization's unit for an end as `failed`. It is no other program's: Node ends
 * with 1 for an uncaught exception, and systemd must start the unit again then.
 */
export const UNIT_FAILED = 10;

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
