import { messageOf } from "../core/refusal.ts";
import { isLocked } from "../host/kernel-locks.ts";
import { pause } from "../host/pause.ts";
import { type Gate, OPEN } from "./gate.ts";

const POLL_MS = 500;

/**
 * Nobody else is activating: switch-to-configuration fails at once when its lock
 * is taken. Unknown proceeds: the lock still guards the switch, which is tried
 * again when it is taken.
 */
export const switchLock: Gate = {
  name: "switch lock",
  whenUnknown: "proceed",
  atDeadline: "give-up",
  look: async ({ host: { paths } }) => {
    try {
      return isLocked(paths.kernelLocks, paths.switchLock)
        ? { kind: "closed", why: "another switch-to-configuration is running" }
        : OPEN;
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  },
  change: async (_context, signal) => {
    await pause(POLL_MS, signal);
  },
};
