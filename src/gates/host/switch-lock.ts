import { type Holder, holdersOf, isLocked } from "../../host/files/kernel-locks.ts";
import type { Paths } from "../../host/files/paths.ts";
import { SWITCH_LOCK_TAKEN } from "../../boot/boot-default.ts";
import { type Gate, looked, OPEN, polled } from "../gate.ts";

/**
 * No other activation is running: switch-to-configuration fails at once when its lock is taken.
 * Unknown proceeds: the lock still guards the switch, which is tried again when it is taken.
 */
export const switchLock: Gate = {
  name: "switch lock",
  whenUnknown: "proceed",
  atDeadline: "give-up",
  look: async ({ host: { paths } }) =>
    await looked(() =>
      isLocked(paths.kernelLocks, paths.switchLock)
        ? { kind: "closed", why: heldBy(paths) ?? "another switch-to-configuration is running" }
        : OPEN,
    ),
  change: polled(500),
};

/** For an act that was refused the lock; it may be free again. */
export function whoHoldsSwitchLock(paths: Paths): string {
  try {
    const held = heldBy(paths);
    if (held !== null) return `the switch lock is ${held}`;
  } catch {
    // The kernel's list cannot be read.
  }
  return SWITCH_LOCK_TAKEN;
}

/** An activation or another program, which must end before a deploy can continue; null if unknown. */
function heldBy(paths: Paths): string | null {
  const holders = holdersOf(paths, paths.switchLock).map(inWords);
  return holders.length === 0 ? null : `held by ${holders.join(", ")}`;
}

function inWords({ processId, program, userId }: Holder): string {
  const name = program === null ? "" : ` (${program})`;
  const isRoots = userId === null || userId === 0;
  const advice = isRoots ? "" : ` of user ${userId}, not root: end it with kill ${processId}`;
  return `process ${processId}${name}${advice}`;
}
