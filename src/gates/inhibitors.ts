import type { Window } from "../core/config/windows/window-config.ts";
import { existsSync } from "node:fs";
import {
  holdsShutdown,
  inhibitorInWords,
  listInhibitors,
} from "../host/systemd/logind/inhibitors.ts";
import { viewShutdowns } from "../host/systemd/logind/shutdown.ts";
import type { Host } from "../host/process/host.ts";
import { type Gate, type GateContext, type GateState, looked, OPEN } from "./gate.ts";
import { type Interrupted, peopleWho } from "./logged-in.ts";
import { nextChange } from "../host/process/watch.ts";

export const INHIBITORS = "shutdown inhibitors";

/**
 * No program blocks a shutdown with an inhibitor of logind, as `systemd-inhibit --mode=block` does, and
 * nobody has scheduled a shutdown, which our reboot would delete.
 * The timeout always gives up, whatever `waitFor.onTimeout` says: an inhibitor forbids the reboot,
 * and newer versions of systemd apply it to root too. With a window of the act, the window bounds the
 * wait instead.
 *
 * Unknown waits, because an inhibitor that cannot be seen may protect a backup.
 */
export function inhibitors(windows: readonly Window[] | null): Gate {
  let isSaid = false;
  return {
    name: INHIBITORS,
    whenUnknown: "wait",
    atDeadline: windows === null ? "give-up" : "wait-on",
    look: async (context) => {
      const state = await looked(async () => await look(context));
      if (state === NO_LOGIND && !isSaid) {
        context.host.say(`the gate "${INHIBITORS}" is open: ${NO_LOGIND.why}`);
      }
      isSaid ||= state === NO_LOGIND;
      return state;
    },
    change: async ({ host }, signal) => {
      await nextChange(host.paths.inhibitors, () => false, signal);
    },
  };
}

/**
 * Before a switch that ends somebody's session, who blocks shutdowns puts the switch off too. A shutdown
 * that is scheduled does not: a switch does not delete it.
 */
export function inhibitorsOf(interrupted: Interrupted, windows: readonly Window[] | null): Gate {
  const gate = inhibitors(windows);
  const lookAtPeople = async (context: GateContext): Promise<GateState> => {
    const people = await peopleWho(context, interrupted);
    return people.length === 0 ? OPEN : await lookAtBlocks(context.host);
  };
  return {
    ...gate,
    look: async (context) => await looked(async () => await lookAtPeople(context)),
    // Whoever logs out does not put it off any more.
    change: async (context, signal) => {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      await Promise.race([
        gate.change(context, either),
        nextChange(context.host.paths.loginSessions, () => false, either),
      ]);
      over.abort();
    },
  };
}

const NO_LOGIND = {
  kind: "open",
  why: "systemd-logind does not run, so nobody can hold a reboot back",
} as const satisfies GateState;

async function look({ host }: GateContext): Promise<GateState> {
  const blocked = await lookAtBlocks(host);
  if (blocked.kind !== "closed" && blocked !== OPEN) return blocked;
  const scheduled = await scheduledShutdown(host);
  const reasons = [
    ...(blocked.kind === "closed" ? [blocked.why] : []),
    ...(scheduled === null ? [] : [`a ${scheduled}; shutdown -c cancels it`]),
  ];
  return reasons.length === 0 ? OPEN : { kind: "closed", why: reasons.join("; ") };
}

/**
 * Closed while a program blocks the shutdown.
 *
 * @throws Error if that cannot be found out
 */
export async function lookAtBlocks(host: Host): Promise<GateState> {
  // Without logind there are no inhibitors.
  if (!existsSync(host.paths.loginSessions)) return OPEN;
  const seen = await listInhibitors(host);
  if (seen.kind === "none-runs") return NO_LOGIND;
  // logind itself waits for `delay`; `block-weak` does not apply to root.
  const blocks = seen.list.filter((one) => holdsShutdown(one, "block"));
  const why = blocks.map(inhibitorInWords).join("; ");
  return blocks.length === 0 ? OPEN : { kind: "closed", why };
}

/** The shutdown that somebody has scheduled, in words; null if there is none. */
export async function scheduledShutdown(host: Host): Promise<string | null> {
  if (!existsSync(host.paths.loginSessions)) return null;
  const scheduled = (await viewShutdowns(host))?.scheduled ?? null;
  if (scheduled === null) return null;
  return `${scheduled.action} is scheduled for ${scheduled.at.toISOString().replace(/\.\d+/, "")}`;
}
