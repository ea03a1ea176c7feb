import { existsSync } from "node:fs";
import { STUCK_BOOT_TIMER, unitName } from "../../core/record/id.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Host } from "../process/host.ts";
import { sinceBoot } from "../process/clock.ts";
import { listFolder } from "../files/durable.ts";
import type { Paths } from "../files/paths.ts";
import { describeEnd, type Ended, problemOf } from "../process/spawn.ts";
import { insist } from "./insist.ts";
import { askProperties } from "./units.ts";
import * as commands from "./commands.ts";
import type { OnInhibitors } from "./logind/inhibitors.ts";

/** @throws Refusal if systemd is not PID 1: nothing could run the detached unit */
export function requireSystemd(host: Host): void {
  if (existsSync(host.paths.systemdRuntime)) return;
  throw new Refusal(
    `systemd is not PID 1 here (there is no ${host.paths.systemdRuntime}). ` +
      `Run deploy-finalize on the NixOS host itself, not in a chroot, build sandbox or plain container.`,
  );
}

/**
 * Every `deploy-finalize-*.timer` with a unit file, also from other programs. Read from the unit
 * folders, because transient units are files too and asking systemd costs a process.
 */
export function pendingTimers(paths: Paths): string[] {
  const names = paths.unitFolders.flatMap((folder) => listFolder(folder));
  return [...new Set(names)].filter(
    (name) => /^deploy-finalize-.*\.timer$/.test(name) && name !== STUCK_BOOT_TIMER,
  );
}

/** Stops timers; resolves to null, or to the problem. */
export async function stopTimers(host: Host, timers: readonly string[]): Promise<string | null> {
  if (timers.length === 0) return null;
  return problemOf(await host.spawn(commands.stopUnits(timers)));
}

/** Stops the timer of a finalization, if it has one; resolves to null, or to the problem. */
export async function stopOwnTimer(host: Host, id: string): Promise<string | null> {
  const own = pendingTimers(host.paths).filter((name) => name === `${unitName(id)}.timer`);
  return await stopTimers(host, own);
}

/** The time limit for an answer of systemd. */
const ARMING_MS = 60_000;

const INSIST_MS = 15_000;

/** systemd-notify itself waits for 5 s until it is heard. */
const TOLD_MS = 10_000;

/**
 * Starts a transient unit. If an answer is lost, the unit is there and a try of the same name fails:
 * the caller looks for it.
 *
 * @param argvOf called for each try
 */
export async function startTransient(host: Host, argvOf: () => commands.Argv): Promise<Ended> {
  const ask = async () => await host.spawn(argvOf(), { timeoutMs: ARMING_MS });
  return await insist(host, ask, INSIST_MS);
}

/** @throws Refusal with the error of systemd-run; then there is no timer */
export async function armTimer(host: Host, arming: commands.Arming): Promise<void> {
  const ended = await startTransient(host, () => commands.armTimer(arming));
  // If interrupted, for example because PID 1 re-executes itself, it may still have armed the timer.
  if (ended.exitCode !== 0 && !(await isArmed(host, arming.id))) {
    throw new Refusal(`cannot arm ${unitName(arming.id)}.timer: ${describeEnd(ended)}`);
  }
}

/** Starts the service of a finalization at once. */
export async function launch(
  host: Host,
  wanted: commands.Launch,
  order: commands.Order,
): Promise<void> {
  const ended = await startTransient(host, () => commands.launch(wanted, order));
  // Two units may continue it after a boot; either may be first.
  if (ended.exitCode !== 0 && !(await isArmed(host, wanted.id))) {
    throw new Refusal(`cannot start ${unitName(wanted.id)}.service: ${describeEnd(ended)}`);
  }
}

/** Whether the boot has reached basic.target, after which services start; if unknown, it has. */
export async function orderOf(host: Host): Promise<commands.Order> {
  const ended = await host.spawn(commands.showProperties(["ActiveState"], ["basic.target"]));
  return /^ActiveState=(inactive|activating|failed)$/m.test(ended.stdout) ? "early" : "after-basic";
}

/** A calendar time that has passed when systemd loads the timer never elapses: notes/systemd-timers.md. */
export const LEAST_LEAD_MS = 500;

/**
 * The moment in so many milliseconds, or a later one by the calendar. By the uptime a timer elapses as soon
 * as systemd has loaded it, so without a delay its service sees the job that scheduled it.
 */
export function momentIn(
  host: Host,
  ms: number,
  least: { readonly byCalendarMs: number } = { byCalendarMs: LEAST_LEAD_MS },
): commands.Moment {
  const now = host.now().getTime();
  const at = new Date(now + Math.max(ms, least.byCalendarMs));
  const uptime = sinceBoot(host);
  if (uptime === null) return { due: at, at, uptime };
  return { due: new Date(now + ms), at, uptime: uptime + ms / 1000 };
}

/** True if the timer of a finalization waits for its time; one that has fired does not. */
export async function isTimerWaiting(host: Host, id: string): Promise<boolean> {
  const [timer] = await askProperties(host, ["SubState"], [`${unitName(id)}.timer`]);
  return timer?.["SubState"] === "waiting";
}

/** True if the timer of a finalization waits or its service runs. */
export async function isArmed(host: Host, id: string): Promise<boolean> {
  const ended = await host.spawn(commands.showActiveStates(id));
  return /^(active|activating|reloading)$/m.test(ended.stdout);
}

/**
 * Arms the timer of this process's finalization for another time; resolves to null, or to the problem.
 * The timer that started this process still exists, so it is stopped first. After an interruption in
 * between, systemd restarts this process, or the next boot continues.
 */
export async function rearmTimer(
  host: Host,
  id: string,
  at: commands.Moment,
): Promise<string | null> {
  await stopOwnTimer(host, id);
  const problem = problemOf(await startTransient(host, () => commands.rearmTimer({ id, at })));
  // Its answer may have been lost.
  return problem !== null && (await isTimerWaiting(host, id)) ? null : problem;
}

/**
 * Tells systemd that this process is about to end. From then on each start of its unit waits for that
 * end and is carried out; before, it would do nothing, because the unit runs. So whoever relies on a
 * timer of its own unit calls this first, and looks whether the timer waits after that. Resolves to
 * null, or to the problem.
 */
export async function tellEnding(host: Host, id: string): Promise<string | null> {
  const { ownUnit: unit } = host;
  // Called by hand, it has no unit.
  if (unit === undefined) return null;
  unit.isEndTold = true;
  const options = { env: { NOTIFY_SOCKET: unit.notifySocket }, timeoutMs: TOLD_MS };
  const ask = async () => await host.spawn(commands.TELL_ENDING, options);
  const problem = problemOf(await insist(host, ask, INSIST_MS));
  if (problem === null) return null;
  // It may have heard, although its answer was late.
  const [service] = await askProperties(host, ["ActiveState"], [`${unitName(id)}.service`]);
  unit.isEndTold = service?.["ActiveState"] === "deactivating";
  return unit.isEndTold ? null : problem;
}

/** Queues the start of units; resolves to null, or to systemd's refusal. */
export async function start(host: Host, units: readonly string[]): Promise<string | null> {
  const ask = async () => await host.spawn(commands.startUnits(units));
  return problemOf(await insist(host, ask, INSIST_MS));
}

/** Starts the loaded kernel; resolves to null, or to systemd's refusal. */
export async function kexec(host: Host): Promise<string | null> {
  return problemOf(await insist(host, async () => await host.spawn(commands.kexec()), INSIST_MS));
}

/**
 * Requests a reboot; resolves to null, or to systemd's refusal. While emergency mode begins, its job
 * forbids every other.
 */
export async function reboot(
  host: Host,
  inhibitors: OnInhibitors = "respected",
): Promise<string | null> {
  if (inhibitors === "respected") return await requestReboot(host, commands.reboot());
  // A newer systemd applies inhibitors to root too, and may allow nobody to override them.
  const refusal = await requestReboot(host, commands.reboot("--check-inhibitors=no"));
  if (refusal === null) return null;
  host.say(`starts reboot.target, because logind refuses: ${refusal}`);
  return await requestReboot(host, commands.REBOOT_PAST_LOGIND);
}

async function requestReboot(host: Host, argv: commands.Argv): Promise<string | null> {
  const ask = async () => await host.spawn(argv, { env: commands.REBOOT_ENVIRONMENT });
  return problemOf(await insist(host, ask, INSIST_MS));
}

/** Whether systemd stops the units of this host. Before that, a shutdown may wait for programs. */
export async function isSystemStopping(host: Host): Promise<boolean> {
  const ended = await host.spawn(commands.showSystemState());
  return ended.stdout.trim() === "stopping";
}
