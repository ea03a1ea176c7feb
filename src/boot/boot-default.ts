import type { Config, RebootConfig } from "../core/config/config.ts";
import { isBootFailed } from "../core/machine/verdicts.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { lookAfterBoot, resumeObstacle } from "./after-boot.ts";
import { findLoader } from "./detect.ts";
import { armFallback, disarm } from "./fallback.ts";
import { activate } from "../host/nixos/activation.ts";
import { addGeneration } from "../host/nixos/profile.ts";
import { unmountedAt } from "../host/systemd/unmounted.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import type { Paths } from "../host/files/paths.ts";
import type { Host } from "../host/process/host.ts";

export const SWITCH_LOCK_TAKEN = "another process holds the switch lock";

/** The system that a reboot has to start. */
export interface BootPlan {
  readonly toplevel: string;
  /** The other system that may start; null if there is none. */
  readonly previous: string | null;
  readonly fallback: RebootConfig["fallback"];
  /** Why nothing would go on after the boot, so that no boot can be a trial; null if nothing is known. */
  readonly obstacle: string | null;
  /**
   * What a problem with the boot loader means. A boot that did not get through is worse than every
   * other: a fallback may be armed, and it is the loader that may be out of reach.
   */
  readonly atProblem: "refuse" | "reboot-anyway";
}

/** A rollback boots a system that has run before, so it arms no fallback. */
export function bootPlanOf(
  paths: Paths,
  record: FinalizationRecord,
  toplevel: string,
  { reboot, stateDir }: Pick<Config, "reboot" | "stateDir">,
): BootPlan {
  const { state, target, previous, previousProfile } = record;
  if (state === "rolling-back") {
    const atProblem = isBootFailed(record) ? "reboot-anyway" : "refuse";
    return { toplevel, previous: target, fallback: "off", obstacle: null, atProblem };
  }
  const other = previousProfile ?? previous;
  const after = lookAfterBoot(paths, { target: toplevel, previous: other }, stateDir);
  const obstacle = resumeObstacle(after);
  const { fallback } = reboot;
  return { toplevel, previous: other, fallback, obstacle, atProblem: "refuse" };
}

/** Makes a toplevel the boot default; resolves to null, or to the problem. */
export async function setBootDefault(host: Host, toplevel: string): Promise<string | null> {
  const activation = await activate(host, toplevel, "boot");
  if (activation.exitCode === 0) return null;
  if (activation.isLockTaken) return SWITCH_LOCK_TAKEN;
  const words = activation.tail.slice(-3).join("; ");
  return `cannot set the boot default (exit code ${activation.exitCode}): ${words}`;
}

/** Makes the next boot start a system: only once, if the host can fall back. */
export async function prepareBoot(host: Host, next: BootPlan): Promise<string | null> {
  if (next.atProblem === "refuse") return await tryToPrepare(host, next);
  const { toplevel, previous } = next;
  if (previous !== null && alwaysBoots(host, toplevel, previous)) return null;
  // An installer would write into the empty folder.
  const unmounted = await unmountedBootFolder(host);
  const problem =
    unmounted === null ? await tryToPrepare(host, next) : `${unmounted} is not mounted`;
  if (problem === null || problem === SWITCH_LOCK_TAKEN) return problem;
  host.say(`cannot make ${toplevel} the boot default (${problem}); reboots all the same`);
  return null;
}

async function unmountedBootFolder(host: Host): Promise<string | null> {
  for (const folder of BOOT_FOLDERS) {
    const unmounted = await unmountedAt(host, folder).catch(() => null);
    if (unmounted !== null) return unmounted;
  }
  return null;
}

const BOOT_FOLDERS = ["/boot", "/boot/efi", "/efi"];

async function tryToPrepare(host: Host, next: BootPlan): Promise<string | null> {
  const { toplevel, previous, fallback, obstacle } = next;
  if (previous === null || fallback === "off")
    return await setPermanentDefault(host, toplevel, previous);
  const trial = { target: toplevel, previous };
  const why =
    obstacle ??
    (await armFallback(host, trial, async (wanted) => await setBootDefault(host, wanted)));
  if (why === null) {
    host.say(`boots ${toplevel} once; any other boot before the verification starts ${previous}`);
    return null;
  }
  if (why === SWITCH_LOCK_TAKEN) return why;
  const problem = await setPermanentDefault(host, toplevel, previous);
  if (fallback === "require") return `the boot loader cannot fall back: ${why}`;
  host.say(`the boot loader cannot fall back: ${why}`);
  return problem;
}

/** Undoes `prepareBoot` for a reboot that does not happen. */
export async function unprepareBoot(host: Host, { toplevel, previous }: BootPlan): Promise<void> {
  const problem = await setPermanentDefault(host, toplevel, previous);
  if (problem !== null) host.say(`the next boot may start another system: ${problem}`);
}

/**
 * Makes every boot from now on start a toplevel, and removes a pending one-shot boot of it or of
 * `other`. Resolves to null, or to the problem.
 */
export async function setPermanentDefault(
  host: Host,
  toplevel: string,
  other: string | null,
): Promise<string | null> {
  const trials = [toplevel, ...(other === null ? [] : [other])];
  const problem = (await setBootDefault(host, toplevel)) ?? (await disarm(host, trials));
  if (problem !== null) return problem;
  const found = findLoader(host);
  const now = found.kind === "found" ? found.loader.bootDefault : null;
  return now === null || now === toplevel ? null : `the boot loader's default is ${now}`;
}

/** The system that every boot has to start again, after another one was the boot default. */
export interface DefaultToRestore {
  readonly profile: string;
  readonly toplevel: string;
  readonly other: string;
}

/**
 * Makes a toplevel that is in the profile the boot default again, and reads it back if the loader
 * can be read. Resolves to null, or to the problem.
 */
export async function restoreBootDefault(
  host: Host,
  { profile, toplevel, other }: DefaultToRestore,
): Promise<string | null> {
  if (alwaysBoots(host, toplevel, other)) return null;
  const problem = await setPermanentDefault(host, toplevel, other);
  const found = findLoader(host);
  const isLeftOut = found.kind === "found" && !found.loader.menu.includes(toplevel);
  if (problem === null || !isLeftOut || toplevelAt(profile) !== toplevel) return problem;
  // An installer with a limit of generations leaves an old one out, and keeps the default it had.
  return (
    (await addGeneration(host, profile, toplevel)) ??
    (await setPermanentDefault(host, toplevel, other))
  );
}

/** Whether the loader says that each of the next boots starts the toplevel. */
function alwaysBoots(host: Host, toplevel: string, other: string): boolean {
  const found = findLoader(host);
  if (found.kind === "unknown") return false;
  const { bootDefault, oneShot } = found.loader;
  return bootDefault === toplevel && oneShot !== other && oneShot !== toplevel;
}
