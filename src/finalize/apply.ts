import type { Effect, Event } from "../core/machine/types.ts";
import { isPassed } from "../core/gate-names.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { INHIBITORS } from "../gates/inhibitors.ts";
import { activate } from "../host/nixos/activation.ts";
import { whoHoldsSwitchLock } from "../gates/host/switch-lock.ts";
import type { Host } from "../host/process/host.ts";
import { messageOf } from "../core/refusal.ts";
import { pause } from "../host/process/time.ts";
import {
  type BootPlan,
  forgetTrialOfKexec,
  SWITCH_LOCK_TAKEN,
  prepareBoot,
  unprepareBoot,
} from "../boot/boot-default.ts";
import { type WatchSwitch, whileWatched } from "./patience/watch-switch.ts";
import { type Restart, restart, unloadKernel } from "../boot/reboot.ts";
import {
  holdsShutdown,
  inhibitorInWords,
  listInhibitors,
  type OnInhibitors,
} from "../host/systemd/logind/inhibitors.ts";
import { isGoingDown } from "../host/systemd/logind/shutdown.ts";
import { holdRunners } from "./runners/hold.ts";
import { type Runners, startAgain, stopRunners } from "./runners/stop.ts";
import { type FinalizationContext, SUSPENDED, type Suspended } from "./context.ts";

/** After this time a shutdown that is not under way counts as failed. */
const REBOOT_DEADLINE_MS = 600_000;

/**
 * Switches to a toplevel. Stops the runners first and always starts them again.
 *
 * @param watch says what a long switch waits for, and ends it at its time limit
 */
export async function switchTo(
  { host, requireLocks }: Pick<FinalizationContext, "host" | "requireLocks">,
  { toplevel, mode }: Effect & { kind: "switch" },
  runners: Runners,
  watch: WatchSwitch,
): Promise<Event | Suspended> {
  const obstacle = await stopRunners(host, runners);
  if (obstacle !== null) return obstacle;
  holdRunners(host, runners.start);
  try {
    // A runner may have drained for hours.
    requireLocks();
    const { activation, cut } = await whileWatched(watch, async (signal) => {
      return await activate(host, toplevel, mode, { signal });
    });
    return activation.isLockTaken
      ? { kind: "held-up", why: whoHoldsSwitchLock(host.paths) }
      : { kind: "switched", mode, ...activation, ...(cut !== null && { cut }) };
  } finally {
    await startAgain(host, runners.id, runners.start);
  }
}

/** Asks for a reboot at the right moment; resolves to null, to the refusal, or if it is stopped before. */
export type AskForReboot = (
  request: (inhibitors: OnInhibitors) => Promise<string | null>,
) => Promise<string | null | Suspended>;

interface Reboot extends Pick<Restart, "method"> {
  readonly runners: Runners;
  readonly ask: AskForReboot;
}

/**
 * Makes the next boot start a toplevel, because another finalization may have set another default
 * since the deploy, and reboots. Returns only if there is no reboot.
 */
export async function rebootInto(
  host: Host,
  next: BootPlan,
  how: Reboot,
  stop: AbortSignal,
): Promise<Event | Suspended> {
  const { runners } = how;
  const obstacle = await stopRunners(host, runners);
  if (obstacle !== null) return obstacle;
  const refusal = await askForReboot(host, next, how, stop).catch(async (error: unknown) => {
    await startAgain(host, runners.id, runners.start);
    throw error;
  });
  if (refusal === null) return SUSPENDED;
  await startAgain(host, runners.id, runners.start);
  if (typeof refusal !== "string") return refusal;
  return refusal === SWITCH_LOCK_TAKEN
    ? { kind: "held-up", why: whoHoldsSwitchLock(host.paths) }
    : { kind: "reboot-refused", why: refusal };
}

/** Null if the shutdown ends this process. */
async function askForReboot(
  host: Host,
  next: BootPlan,
  { method, ask }: Reboot,
  stop: AbortSignal,
): Promise<string | null | Suspended> {
  const obstacle = await prepareBoot(host, next);
  if (obstacle !== null) return obstacle;
  // The shutdown waits for this process.
  const onKexec = async (): Promise<void> => {
    await forgetTrialOfKexec(host, next).catch((error: unknown) => {
      host.say(`a reset may start ${next.toplevel} once more: ${messageOf(error)}`);
    });
  };
  const refused = await ask(async (inhibitors) => {
    return await requestReboot(host, next.toplevel, { method, inhibitors, onKexec });
  });
  const refusal = refused ?? (await awaitReboot(host, stop));
  if (refusal === null) return null;
  if (method === "kexec") await unloadKernel(host);
  await unprepareBoot(host, next);
  return refusal;
}

/** A shutdown that somebody else has asked for is as good as ours: it takes the host down. */
async function requestReboot(host: Host, toplevel: string, how: Restart): Promise<string | null> {
  const refused = await restart(host, toplevel, how);
  if (refused === null || !(await isGoingDown(host))) return refused;
  host.say(`a shutdown is under way already, and is waited for (${refused})`);
  return null;
}

/** While programs delay the shutdown, it still comes: nothing can call it off. */
async function awaitReboot(host: Host, stop: AbortSignal): Promise<string | null> {
  for (let isSaid = false; ; isSaid = true) {
    await pause(REBOOT_DEADLINE_MS, stop);
    if (stop.aborted) return null;
    if (!(await isGoingDown(host))) return STILL_UP;
    if (!isSaid)
      host.say(`the shutdown is under way, and is waited for${await delaysInWords(host)}`);
  }
}

const STILL_UP = "systemd accepted the reboot, but the host is still up after ten minutes";

/** What delays the shutdown, as far as logind tells. */
async function delaysInWords(host: Host): Promise<string> {
  const seen = await listInhibitors(host).catch(() => null);
  const list = seen?.kind === "listed" ? seen.list : [];
  const words = list.filter((one) => holdsShutdown(one, "delay")).map(inhibitorInWords);
  return words.length === 0 ? "" : `; it is delayed by ${words.join("; ")}`;
}

/** Whoever has asked to act past them overrides them. */
export function inhibitorsFor({ hurried }: FinalizationRecord): OnInhibitors {
  return isPassed(hurried?.past ?? [], INHIBITORS) ? "overridden" : "respected";
}
