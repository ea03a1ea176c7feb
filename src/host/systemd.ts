import { existsSync } from "node:fs";
import { unitName } from "../core/id.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "./host.ts";
import { listFolder } from "./durable.ts";
import type { Paths } from "./paths.ts";
import { describeEnd } from "./spawn.ts";
import * as commands from "./systemd-commands.ts";

/** @throws Refusal where systemd is not PID 1: nothing would own the detached unit */
export function requireSystemd(host: Host): void {
  if (existsSync(host.paths.systemdRuntime)) return;
  throw new Refusal(
    `systemd is not PID 1 here (there is no ${host.paths.systemdRuntime}). ` +
      `Run deploy-finalize on the NixOS host itself, not in a chroot, build sandbox or plain container.`,
  );
}

/**
 * Every `deploy-finalize-*.timer` that has a unit file, whoever made it. Read from
 * the unit folders, as transient units are files too: asking systemd costs a process.
 */
export function pendingTimers(paths: Paths): string[] {
  const names = paths.unitFolders.flatMap((folder) => listFolder(folder));
  return [...new Set(names)].filter((name) => /^deploy-finalize-.*\.timer$/.test(name));
}

/** Stops timers; resolves to null, or to why not all could be stopped. */
export async function stopTimers(host: Host, timers: readonly string[]): Promise<string | null> {
  if (timers.length === 0) return null;
  const ended = await host.spawn(commands.stopUnits(timers));
  return ended.exitCode === 0 ? null : describeEnd(ended);
}

/** systemd that does not answer for this long does not any more. */
const ARMING_MS = 60_000;

/** @throws Refusal with what systemd-run said; then there is no timer */
export async function armTimer(host: Host, arming: commands.Arming): Promise<void> {
  const how = { wait: "blocking", timeoutMs: ARMING_MS } as const;
  const ended = await host.spawn(commands.armTimer(arming), how);
  // Cut off in the middle, as by PID 1 that executes itself anew, it may have armed all the same.
  if (ended.exitCode !== 0 && !(await isArmed(host, arming.id))) {
    throw new Refusal(`cannot arm ${unitName(arming.id)}.timer: ${describeEnd(ended)}`);
  }
}

/** Starts the service of a finalization at once. */
export async function launch(host: Host, wanted: commands.Launch): Promise<void> {
  const ended = await host.spawn(commands.launch(wanted));
  if (ended.exitCode !== 0) {
    throw new Refusal(`cannot start ${unitName(wanted.id)}.service: ${describeEnd(ended)}`);
  }
}

/** True while the timer of a finalization waits or its service runs. */
export async function isArmed(host: Host, id: string): Promise<boolean> {
  const ended = await host.spawn(commands.showActiveStates(id));
  return /^(active|activating|reloading)$/m.test(ended.stdout);
}

/**
 * Arms the timer of the finalization that this process runs for another time; resolves to null, or
 * to why there is none. The timer that has started this process is still there, and in the way. Cut
 * off in between, this process is started again, or the next boot takes it up.
 */
export async function rearmTimer(host: Host, id: string, at: Date): Promise<string | null> {
  const timer = `${unitName(id)}.timer`;
  await stopTimers(
    host,
    pendingTimers(host.paths).filter((name) => name === timer),
  );
  const ended = await host.spawn(commands.rearmTimer({ id, at }));
  return ended.exitCode === 0 ? null : describeEnd(ended);
}

/** Asks for a start of the kernel that is loaded; resolves to null, or to why systemd would not. */
export async function kexec(host: Host): Promise<string | null> {
  const ended = await host.spawn(commands.kexec());
  return ended.exitCode === 0 ? null : describeEnd(ended);
}

/** Asks for a reboot; resolves to null, or to why systemd would not. */
export async function reboot(host: Host): Promise<string | null> {
  const ended = await host.spawn(commands.reboot(), { env: commands.REBOOT_ENVIRONMENT });
  return ended.exitCode === 0 ? null : describeEnd(ended);
}
