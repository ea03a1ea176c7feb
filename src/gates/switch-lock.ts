import { existsSync } from "node:fs";
import { describeEnd } from "../host/spawn.ts";
import { type Gate, OPEN } from "./gate.ts";

const HELD = 75;

/** Nobody else is activating: switch-to-configuration fails at once when its lock is taken. */
export const switchLock: Gate = {
  name: "switch lock",
  look: async ({ paths, spawn }) => {
    if (!existsSync(paths.switchLock)) return OPEN;
    const probe = ["flock", "--nonblock", `--conflict-exit-code=${HELD}`, paths.switchLock, "true"];
    const ended = await spawn(probe);
    if (ended.exitCode === 0) return OPEN;
    if (ended.exitCode === HELD) {
      return { kind: "closed", why: "another switch-to-configuration is running" };
    }
    // Unknown proceeds: the lock itself still guards the switch, which is tried again when it is taken.
    return { kind: "unknown", why: describeEnd(ended) };
  },
  change: async ({ paths, spawn }, _record, signal) => {
    await spawn(["flock", paths.switchLock, "true"], { signal });
  },
};
