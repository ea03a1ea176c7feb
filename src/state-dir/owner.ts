import { messageOf } from "../core/refusal.ts";
import { RESUME_UNIT, STUCK_BOOT_TIMER, STUCK_BOOT_UNIT, unitName } from "../core/record/id.ts";
import type { Host } from "../host/process/host.ts";
import { isProbablyLocked } from "../host/files/kernel-locks.ts";
import type { RecordStore } from "./store.ts";
import { isSystemStopping } from "../host/systemd/systemd.ts";
import { askProperties, type Properties } from "../host/systemd/units.ts";

/** The process, unit or timer that continues an unfinished finalization. */
export type Driver =
  /** A process runs it now: it holds the finalization's lock. */
  | { readonly kind: "process" }
  /** Its timer waits. */
  | { readonly kind: "timer" }
  /** Its unit is about to start, for the first time or again. */
  | { readonly kind: "unit" }
  /** The host has just booted; the resume unit, or its timer if the boot hangs, will continue it. */
  | { readonly kind: "resume" }
  /** The host is shutting down; the next boot will continue it. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "nobody" }
  | { readonly kind: "unknown"; readonly why: string };

/** Asks the kernel and systemd; never rejects. */
export async function findDriver(host: Host, store: RecordStore, id: string): Promise<Driver> {
  try {
    if (isProbablyLocked(host.paths.kernelLocks, store.recordLockPath(id)))
      return { kind: "process" };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
  return await findDrivingUnit(host, id);
}

/** Whether a call of `schedule` changes now which finalization is the newest, or may do so. */
export function isBeingScheduled({ paths }: Host, store: RecordStore): boolean {
  try {
    return isProbablyLocked(paths.kernelLocks, store.lockPath("schedule"));
  } catch {
    return true;
  }
}

/** Whether a process drives it, as far as the kernel tells. */
export function hasProcess({ paths }: Host, store: RecordStore, id: string): boolean {
  try {
    return isProbablyLocked(paths.kernelLocks, store.recordLockPath(id));
  } catch {
    return false;
  }
}

/** Asks only systemd; never rejects. */
export async function findDrivingUnit(host: Host, id: string): Promise<Driver> {
  try {
    const [timer, service, ...resuming] = await showUnits(host, id);
    if (isRunning(service)) return { kind: "unit" };
    if (isRunning(timer)) return { kind: "timer" };
    // Asked last, because it is rarely needed.
    if (await isSystemStopping(host)) return { kind: "shutdown" };
    return { kind: isResumeToCome(...resuming) ? "resume" : "nobody" };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}

async function showUnits(host: Host, id: string): Promise<Properties[]> {
  const own = [`${unitName(id)}.timer`, `${unitName(id)}.service`];
  const units = [...own, RESUME_UNIT, STUCK_BOOT_UNIT, STUCK_BOOT_TIMER];
  return await askProperties(host, ["Id", "ActiveState", "SubState", "Job"], units);
}

/** During a restart, between stop and start, the unit is down but its start is queued. */
function isRunning(unit: Properties | undefined): boolean {
  const isDown = ["inactive", "failed"].includes(unit?.["ActiveState"] ?? "inactive");
  return !isDown || isQueued(unit);
}

/**
 * During a boot the timer for one that hangs waits, and the start of the resume unit is queued until
 * the boot is complete. Once that timer has elapsed, the boot may hang: then nothing comes of the queued
 * start. Once the resume unit has done its work, nothing comes of the timer.
 */
function isResumeToCome(resume?: Properties, stuckBoot?: Properties, timer?: Properties): boolean {
  if (isAtWork(resume) || isAtWork(stuckBoot) || isQueued(stuckBoot)) return true;
  if (resume?.["SubState"] === "exited") return false;
  const { ActiveState: active, SubState: sub } = timer ?? {};
  // An older system has no such timer.
  return active === "active" ? sub === "waiting" : isQueued(resume);
}

/** It runs, or systemd is about to start it again. */
function isAtWork(unit: Properties | undefined): boolean {
  const { ActiveState: active, SubState: sub } = unit ?? {};
  return active === "activating" || (active === "active" && sub !== "exited");
}

function isQueued(unit: Properties | undefined): boolean {
  return !["", "0"].includes(unit?.["Job"] ?? "");
}
