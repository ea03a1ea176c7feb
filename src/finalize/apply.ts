import type { Effect, Event } from "../core/machine/types.ts";
import { activate } from "../host/nixos/activation.ts";
import { whoHoldsSwitchLock } from "../gates/host/switch-lock.ts";
import type { Host } from "../host/process/host.ts";
import { pause } from "../host/process/time.ts";
import {
  type BootPlan,
  SWITCH_LOCK_TAKEN,
  prepareBoot,
  unprepareBoot,
} from "../boot/boot-default.ts";
import { type WatchSwitch, whileWatched } from "./patience/watch-switch.ts";
import { type Restart, restart } from "../boot/reboot.ts";
import { holdRunners } from "./runners/hold.ts";
import { type Runners, startAgain, stopRunners } from "./runners/stop.ts";
import { SUSPENDED, type Suspended } from "./context.ts";

/** After this time a shutdown that hangs counts as failed. */
const REBOOT_DEADLINE_MS = 600_000;

/**
 * Switches to a toplevel. Stops the runners first and always starts them again.
 *
 * @param watch says what a long switch waits for, and ends it at its time limit
 */
export async function switchTo(
  host: Host,
  { toplevel, mode }: Effect & { kind: "switch" },
  runners: Runners,
  watch: WatchSwitch,
): Promise<Event | Suspended> {
  const obstacle = await stopRunners(host, runners);
  if (obstacle !== null) return obstacle;
  holdRunners(host, runners.start);
  try {
    const { activation, cut } = await whileWatched(watch, async (signal) => {
      return await activate(host, toplevel, mode, { signal });
    });
    return activation.isLockTaken
      ? { kind: "held-up", why: whoHoldsSwitchLock(host.paths) }
      : { kind: "switched", mode, ...activation, ...(cut !== null && { cut }) };
  } finally {
    await startAgain(host, runners.start);
  }
}

/**
 * Makes the next boot start a toplevel, because another finalization may have set another default
 * since the deploy, and reboots. Returns only if there is no reboot.
 */
export async function rebootInto(
  host: Host,
  next: BootPlan,
  { runners, ...how }: Restart & { readonly runners: Runners },
  stop: AbortSignal,
): Promise<Event | Suspended> {
  const obstacle = await stopRunners(host, runners);
  if (obstacle !== null) return obstacle;
  const refusal = await askForReboot(host, next, how, stop).catch(async (error: unknown) => {
    await startAgain(host, runners.start);
    throw error;
  });
  if (refusal === null) return SUSPENDED;
  await startAgain(host, runners.start);
  return refusal === SWITCH_LOCK_TAKEN
    ? { kind: "held-up", why: whoHoldsSwitchLock(host.paths) }
    : { kind: "reboot-refused", why: refusal };
}

/** Null if the shutdown ends this process. */
async function askForReboot(
  host: Host,
  next: BootPlan,
  how: Restart,
  stop: AbortSignal,
): Promise<string | null> {
  const obstacle = await prepareBoot(host, next);
  if (obstacle !== null) return obstacle;
  const refusal = (await restart(host, next.toplevel, how)) ?? (await awaitReboot(stop));
  if (refusal !== null) await unprepareBoot(host, next);
  return refusal;
}

async function awaitReboot(stop: AbortSignal): Promise<string | null> {
  await pause(REBOOT_DEADLINE_MS, stop);
  return stop.aborted
    ? null
    : "systemd accepted the reboot, but the host is still up after ten minutes";
}
