import { existsSync } from "node:fs";
import { messageOf } from "../core/refusal.ts";
import type { Window } from "../core/window.ts";
import { type Inhibitor, listInhibitors } from "../host/inhibitors.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";
import { nextChange } from "./watch.ts";

/**
 * No program holds a shutdown back: block inhibitors of logind, as `systemd-inhibit --mode=block`
 * takes them. The timeout gives up and never goes on: an inhibitor is somebody's word that it must
 * not be, and newer versions of systemd hold root to it too. Within a reboot window it is the
 * window that bounds the waiting.
 *
 * Unknown waits: what cannot be seen may be a backup.
 */
export function inhibitors(window: Window | null): Gate {
  return {
    name: "shutdown inhibitors",
    whenUnknown: "wait",
    atDeadline: window === null ? "give-up" : "wait-on",
    look,
    change: async ({ host }, signal) => {
      await nextChange(host.paths.inhibitors, () => false, signal);
    },
  };
}

async function look({ host }: GateContext): Promise<GateState> {
  // Without logind nobody can hold a shutdown back.
  if (!existsSync(host.paths.loginSessions)) return OPEN;
  try {
    const holding = (await listInhibitors(host)).filter(blocksShutdown);
    if (holding.length === 0) return OPEN;
    return { kind: "closed", why: holding.map(inWords).join("; ") };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}

/** `delay` only asks for time, which logind gives itself; root is not held to `block-weak`. */
function blocksShutdown({ what, mode }: Inhibitor): boolean {
  return mode === "block" && what.split(":").includes("shutdown");
}

function inWords({ who, why, processId }: Inhibitor): string {
  return `${who} (process ${processId}): ${why}`;
}
