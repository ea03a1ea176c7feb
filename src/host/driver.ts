import { messageOf } from "../core/refusal.ts";
import { RESUME_UNIT, unitName } from "../core/id.ts";
import type { Host } from "./host.ts";
import { isProbablyLocked } from "./kernel-locks.ts";
import type { RecordStore } from "./store.ts";
import { showSystemState } from "./systemd-commands.ts";
import { askProperties, type Properties } from "./unit-properties.ts";

/** Who takes an unfinished finalization on. */
export type Driver =
  /** A process does so now: it holds the finalization's lock. */
  | { readonly kind: "process" }
  /** Its timer waits. */
  | { readonly kind: "timer" }
  /** Its unit is about to run, for the first time or again. */
  | { readonly kind: "unit" }
  /** The host has just booted; the resume unit will. */
  | { readonly kind: "resume" }
  /** The host is going down; the next boot will. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "nobody" }
  | { readonly kind: "unknown"; readonly why: string };

/** Asks the kernel and systemd; never rejects. */
export async function findDriver(host: Host, store: RecordStore, id: string): Promise<Driver> {
  try {
    if (isProbablyLocked(host.paths.kernelLocks, store.lockPath(id))) return { kind: "process" };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
  return await findDrivingUnit(host, id);
}

/** Asks systemd alone; never rejects. */
export async function findDrivingUnit(host: Host, id: string): Promise<Driver> {
  try {
    const [timer, service, resume] = await showUnits(host, id);
    if (isRunning(service)) return { kind: "unit" };
    if (isRunning(timer)) return { kind: "timer" };
    // Only then: most of the time it need not be asked.
    if (await isGoingDown(host)) return { kind: "shutdown" };
    return isAboutToStart(resume) ? { kind: "resume" } : { kind: "nobody" };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}

async function showUnits(host: Host, id: string): Promise<Properties[]> {
  const units = [`${unitName(id)}.timer`, `${unitName(id)}.service`, RESUME_UNIT];
  return await askProperties(host, ["Id", "ActiveState", "Job"], units);
}

/** Between a stop and a start that are one restart it does not run, but its start is queued. */
function isRunning(unit: Properties | undefined): boolean {
  const isDown = ["inactive", "failed"].includes(unit?.["ActiveState"] ?? "inactive");
  return !isDown || isQueued(unit);
}

/** In a boot its start is queued until the boot is through. */
function isAboutToStart(unit: Properties | undefined): boolean {
  return unit?.["ActiveState"] === "activating" || isQueued(unit);
}

function isQueued(unit: Properties | undefined): boolean {
  return !["", "0"].includes(unit?.["Job"] ?? "");
}

async function isGoingDown(host: Host): Promise<boolean> {
  const ended = await host.spawn(showSystemState());
  return ended.stdout.trim() === "stopping";
}
