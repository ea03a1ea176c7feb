import type { Config } from "../core/config/config.ts";
import { type StaggeredWindow, staggered } from "../core/config/windows/window-config.ts";
import type { Plan } from "../core/decision/decision.ts";
import type { OtherWindow } from "../core/machine/types.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import { lookAtWindows, type WindowsView } from "../host/systemd/calendar.ts";
import { pause } from "../host/process/time.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";
import { fractionOfHost } from "./host/fraction.ts";

export const WINDOW_GATES = { reboot: "reboot window", switch: "switch window" } as const;

/** The windows of an act on this host; null if it may come at any time. */
export function windowsFor(
  host: GateContext["host"],
  config: Config,
  action: Plan["action"],
): readonly StaggeredWindow[] | null {
  const { window } = config[action];
  if (window === null) return null;
  const { stagger } = config;
  return staggered(window, stagger, stagger === 0 ? 0 : fractionOfHost(host.paths));
}

/**
 * The windows that an act of a finalization has to keep. A rollback by hand, and what is to act now, do
 * not wait for the next one; neither does the switch that belongs to a reboot, to a specialisation.
 */
export function windowsToKeep(
  { host, config, record }: GateContext,
  action: Plan["action"],
): readonly StaggeredWindow[] | null {
  if (record.rollbackOf !== null || record.hurried !== null) return null;
  if (completesReboot(record, action)) return null;
  return windowsFor(host, config, action);
}

/** Whether an act is the switch that belongs to a reboot, to a specialisation: the target runs already. */
export function completesReboot(
  { state }: Pick<FinalizationRecord, "state">,
  action: Plan["action"],
): boolean {
  return action === "switch" && hasBegunToAct(state);
}

/** A change of the clock is noticed within this time; an unknown window is asked about again after it. */
const LONGEST_MS = 60_000;

/**
 * The window of the act is open, or one of its windows. `waitFor.timeout` does not apply: a host that
 * gave up before its window opens would never act.
 *
 * Unknown waits: outside of the window somebody relies on this host.
 */
export function windowGate(action: Plan["action"], windows: readonly StaggeredWindow[]): Gate {
  let seen: { readonly view: WindowsView; readonly at: Date } | null = null;
  /** Asks systemd only when the windows can have changed, because gates are looked at twice a second. */
  const viewNow = async ({ host }: GateContext): Promise<WindowsView> => {
    const now = host.now();
    if (seen === null || now < seen.at || now >= changesAt(seen.view, seen.at)) {
      seen = { view: await lookAtWindows(host, windows), at: now };
    }
    return seen.view;
  };
  return {
    name: WINDOW_GATES[action],
    whenUnknown: "wait",
    atDeadline: "wait-on",
    look: async (context) => toGateState(windows, await viewNow(context)),
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

function changesAt(view: WindowsView, from: Date): Date {
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

function toGateState(windows: readonly StaggeredWindow[], view: WindowsView): GateState {
  switch (view.kind) {
    case "open":
      return OPEN;
    case "closed": {
      const why = `opens at ${view.opensAt.toISOString()} (${view.start})`;
      return { kind: "closed", why, opensAt: view.opensAt };
    }
    case "over": {
      const starts = windows.map(({ start }) => start).join(", ");
      return { kind: "closed", why: `never opens again (${starts})` };
    }
    case "unknown":
      return view;
  }
}

/**
 * The window of the other act, where a reboot that is put off is switched to before; absent if that act
 * may come at any time.
 */
export async function lookAtOtherWindow(
  context: GateContext,
  action: Plan["action"],
): Promise<{ readonly other?: OtherWindow }> {
  if (context.config.reboot.whilePutOff === "wait") return {};
  const windows = windowsToKeep(context, action === "reboot" ? "switch" : "reboot");
  if (windows === null) return {};
  const view = await lookAtWindows(context.host, windows);
  if (view.kind === "open") return { other: { kind: "open" } };
  const opensAt = view.kind === "closed" ? view.opensAt.toISOString() : null;
  return { other: { kind: "closed", opensAt } };
}
