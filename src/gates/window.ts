import type { Window } from "../core/config/reboot-config.ts";
import { lookAtWindow, type WindowView } from "../host/systemd/calendar.ts";
import { pause } from "../host/process/time.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";

export const REBOOT_WINDOW = "reboot window";

/** A change of the clock is noticed within this time; an unknown window is asked about again after it. */
const LONGEST_MS = 60_000;

/**
 * The reboot window is open. `waitFor.timeout` does not apply: a host that gave up before its
 * window opens would never reboot.
 *
 * Unknown waits: outside of the window somebody relies on this host.
 */
export function rebootWindow(window: Window): Gate {
  let seen: { readonly view: WindowView; readonly at: Date } | null = null;
  /** Asks systemd only when the window can have changed, because gates are looked at twice a second. */
  const viewNow = async ({ host }: GateContext): Promise<WindowView> => {
    const now = host.now();
    if (seen === null || now < seen.at || now >= changesAt(seen.view, seen.at)) {
      seen = { view: await lookAtWindow(host, window), at: now };
    }
    return seen.view;
  };
  return {
    name: REBOOT_WINDOW,
    whenUnknown: "wait",
    atDeadline: "wait-on",
    look: async (context) => toGateState(window, await viewNow(context)),
    change: async (context, signal) => {
      const view = await viewNow(context);
      // It has opened since the look that found it closed.
      if (view.kind === "open") return;
      const now = context.host.now();
      const left = changesAt(view, now).getTime() - now.getTime();
      await pause(Math.min(LONGEST_MS, Math.max(0, left)), signal);
    },
  };
}

function changesAt(view: WindowView, from: Date): Date {
  switch (view.kind) {
    case "open":
      return view.until;
    case "closed":
      return view.opensAt;
    case "over":
    case "unknown":
      return new Date(from.getTime() + LONGEST_MS);
  }
}

function toGateState({ start }: Window, view: WindowView): GateState {
  switch (view.kind) {
    case "open":
      return OPEN;
    case "closed": {
      const why = `opens at ${view.opensAt.toISOString()} (${start})`;
      return { kind: "closed", why, opensAt: view.opensAt };
    }
    case "over":
      return { kind: "closed", why: `never opens again (${start})` };
    case "unknown":
      return view;
  }
}
