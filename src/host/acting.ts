import { setTimeout as sleep } from "node:timers/promises";
import type { RunnerConfig } from "../core/config.ts";
import type { RebootConfig } from "../core/reboot-config.ts";
import type { Event } from "../core/machine-types.ts";
import { quiesceRunners, startRunners } from "../gates/quiesce.ts";
import { activate, foundLockTaken } from "./activation.ts";
import type { Host } from "./host.ts";
import { restart } from "./kexec.ts";

/** A shutdown that hangs for longer than this does not come any more. */
const REBOOT_DEADLINE_MS = 600_000;

const SWITCH_LOCK_TAKEN = "another process holds the switch lock";

export type Suspended = { readonly kind: "suspended" };

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
 * Makes a toplevel the boot default and reboots: another finalization may have set
 * another default since the deploy. Returns only where there is no reboot.
 */
export async function rebootInto(
  host: Host,
  toplevel: string,
  { runners, method }: { readonly runners: Runners; readonly method: RebootConfig["method"] },
  stop: AbortSignal,
): Promise<Event | Suspended> {
  const idleness = await quiesceRunners(host, runners.stop);
  if (idleness.kind === "busy") return { kind: "held-up", why: idleness.why };
  const refusal = await askForReboot(host, toplevel, method, stop);
  if (refusal === null) return { kind: "suspended" };
  await startAgain(host, runners.start);
  return refusal === SWITCH_LOCK_TAKEN
    ? { kind: "held-up", why: refusal }
    : { kind: "reboot-refused", why: refusal };
}

/** Null where the shutdown has begun to end this process. */
async function askForReboot(
  host: Host,
  toplevel: string,
  method: RebootConfig["method"],
  stop: AbortSignal,
): Promise<string | null> {
  const refusal = (await setBootDefault(host, toplevel)) ?? (await restart(host, toplevel, method));
  if (refusal !== null) return refusal;
  await sleep(REBOOT_DEADLINE_MS, undefined, { signal: stop }).catch(() => {});
  return stop.aborted ? null : "it was asked for ten minutes ago and did not come";
}

/** Makes a toplevel the boot default; resolves to null, or to why it is not. */
export async function setBootDefault(host: Host, toplevel: string): Promise<string | null> {
  const activation = await activate(host, toplevel, "boot");
  if (activation.exitCode === 0) return null;
  if (foundLockTaken(activation)) return SWITCH_LOCK_TAKEN;
  const words = activation.tail.slice(-3).join("; ");
  return `the boot default was not set (exit code ${activation.exitCode}): ${words}`;
}

export async function startAgain(host: Host, units: readonly string[]): Promise<void> {
  const problem = await startRunners(host, units);
  if (problem !== null) host.say(`runners could not be started again: ${problem}`);
}
