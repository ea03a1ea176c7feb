import type { RunnerConfig } from "../core/config.ts";
import type { RebootConfig } from "../core/reboot-config.ts";
import type { Event } from "../core/machine-types.ts";
import { quiesceRunners, startRunners } from "../gates/quiesce.ts";
import { activate, foundLockTaken } from "./activation.ts";
import { type NextBoot, prepareBoot, SWITCH_LOCK_TAKEN, unprepareBoot } from "./boot-default.ts";
import type { Host } from "./host.ts";
import { restart } from "./kexec.ts";
import { pause } from "./pause.ts";

/** A shutdown that hangs for longer than this does not come any more. */
const REBOOT_DEADLINE_MS = 600_000;

/** This process is to end, and another one goes on. */
export type Suspended = { readonly kind: "suspended" };
export const SUSPENDED: Suspended = { kind: "suspended" };

/** The idle runners of an act: those to stop before it, and those to start again after it. */
export interface Runners {
  readonly stop: readonly RunnerConfig[];
  readonly start: readonly string[];
}

/** Switches to a toplevel. Its runners are stopped first and started again whatever happens. */
export async function switchTo(host: Host, toplevel: string, runners: Runners): Promise<Event> {
  const idleness = await quiesceRunners(host, runners.stop);
  if (idleness.kind === "busy") return { kind: "held-up", why: idleness.why };
  try {
    const activation = await activate(host, toplevel, "switch");
    return foundLockTaken(activation)
      ? { kind: "held-up", why: SWITCH_LOCK_TAKEN }
      : { kind: "switched", ...activation };
  } finally {
    await startAgain(host, runners.start);
  }
}

/**
 * Has the next boot bring a toplevel up and reboots: another finalization may have set
 * another default since the deploy. Returns only where there is no reboot.
 */
export async function rebootInto(
  host: Host,
  next: NextBoot,
  { runners, method }: { readonly runners: Runners; readonly method: RebootConfig["method"] },
  stop: AbortSignal,
): Promise<Event | Suspended> {
  const idleness = await quiesceRunners(host, runners.stop);
  if (idleness.kind === "busy") return { kind: "held-up", why: idleness.why };
  const refusal = await askForReboot(host, next, method, stop).catch(async (error: unknown) => {
    await startAgain(host, runners.start);
    throw error;
  });
  if (refusal === null) return SUSPENDED;
  await startAgain(host, runners.start);
  return refusal === SWITCH_LOCK_TAKEN
    ? { kind: "held-up", why: refusal }
    : { kind: "reboot-refused", why: refusal };
}

/** Null where the shutdown has begun to end this process. */
async function askForReboot(
  host: Host,
  next: NextBoot,
  method: RebootConfig["method"],
  stop: AbortSignal,
): Promise<string | null> {
  const obstacle = await prepareBoot(host, next);
  if (obstacle !== null) return obstacle;
  const refusal = (await restart(host, next.toplevel, method)) ?? (await awaitReboot(stop));
  if (refusal !== null) await unprepareBoot(host, next);
  return refusal;
}

async function awaitReboot(stop: AbortSignal): Promise<string | null> {
  await pause(REBOOT_DEADLINE_MS, stop);
  return stop.aborted ? null : "it was asked for ten minutes ago and did not come";
}

export async function startAgain(host: Host, units: readonly string[]): Promise<void> {
  const problem = await startRunners(host, units);
  if (problem !== null) host.say(`runners could not be started again: ${problem}`);
}
