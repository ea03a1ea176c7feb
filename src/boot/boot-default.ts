import type { Config, RebootConfig } from "../core/config/config.ts";
import { isBootFailed } from "../core/machine/verdicts.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { lookAfterBoot, resumeObstacle } from "./after-boot.ts";
import { findLoader } from "./detect.ts";
import { armFallback, disarm } from "./fallback.ts";
import type { FoundLoader, Loader } from "./loader.ts";
import { activate } from "../host/nixos/activation.ts";
import { addGeneration } from "../host/nixos/profile.ts";
import { unmountedAt } from "../host/systemd/unmounted.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import type { Paths } from "../host/files/paths.ts";
import type { Host } from "../host/process/host.ts";

export const SWITCH_LOCK_TAKEN = "another process holds the switch lock";

/** The system that a reboot has to start. */
export interface BootPlan {
  readonly profile: string;
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
  const { state, profile, target, previous, previousProfile } = record;
  if (state === "rolling-back") {
    const atProblem = isBootFailed(record) ? "reboot-anyway" : "refuse";
    return { profile, toplevel, previous: target, fallback: "off", obstacle: null, atProblem };
  }
  const other = previousProfile ?? previous;
  const after = lookAfterBoot(paths, { target: toplevel, previous: other }, stateDir);
  const obstacle = resumeObstacle(after);
  const { fallback } = reboot;
  return { profile, toplevel, previous: other, fallback, obstacle, atProblem: "refuse" };
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
  const { profile, toplevel, previous } = next;
  const found = await findLoader(host, { profile, toplevel });
  const wanted = { profile, toplevel, other: previous };
  if (found.kind === "found" && alwaysBoots(found.loader, wanted)) return null;
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
  const { profile, toplevel, previous, fallback, obstacle } = next;
  const forGood = { profile, toplevel, other: previous };
  if (previous === null || fallback === "off") return await setPermanentDefault(host, forGood);
  const trial = { profile, target: toplevel, previous };
  const why =
    obstacle ??
    (await armFallback(host, trial, async (wanted) => await setBootDefault(host, wanted)));
  if (why === null) {
    host.say(`boots ${toplevel} once; any other boot before the verification starts ${previous}`);
    return null;
  }
  if (why === SWITCH_LOCK_TAKEN) return why;
  const problem = await setPermanentDefault(host, forGood);
  if (fallback === "require") return `the boot loader cannot fall back: ${why}`;
  host.say(`the boot loader cannot fall back: ${why}`);
  return problem;
}

/** Undoes `prepareBoot` for a reboot that does not happen. */
export async function unprepareBoot(host: Host, plan: BootPlan): Promise<void> {
  const { profile, toplevel, previous } = plan;
  const problem = await setPermanentDefault(host, { profile, toplevel, other: previous });
  if (problem === null) return;
  host.say(`the next boot may start another system: ${problem}`);
  // Whatever the installer could not do: a later boot must not be a trial that nobody verifies.
  const found = await findLoader(host, { profile, toplevel });
  const pending = found.kind === "found" ? await disarm(found.loader, trialsOf(plan)) : null;
  if (pending !== null) host.say(`the next boot may start ${toplevel} once: ${pending}`);
}

/**
 * A boot by kexec passes the loader by, so it uses up no one-shot boot: without this, a target that
 * panics would be booted once more, by the loader, before the previous system comes back.
 */
export async function forgetTrialOfKexec(host: Host, plan: BootPlan): Promise<void> {
  const { profile, toplevel } = plan;
  const found = await findLoader(host, { profile, toplevel });
  const pending = found.kind === "found" ? await disarm(found.loader, [toplevel]) : null;
  if (pending !== null) host.say(`a reset may start ${toplevel} once more: ${pending}`);
}

function trialsOf({ toplevel, previous }: Pick<BootPlan, "toplevel" | "previous">): string[] {
  return [toplevel, ...(previous === null ? [] : [previous])];
}

/** A system of a profile that every boot has to start. */
export interface DefaultToSet {
  readonly profile: string;
  readonly toplevel: string;
  /** The other system that may be pending for one boot; null if there is none. */
  readonly other: string | null;
}

/** How an installer left the boot loader. */
type InstallerEnd =
  | { readonly kind: "default" }
  /** It made another system the default, or kept it. */
  | { readonly kind: "other-default"; readonly now: string; readonly shadow: string | null }
  | { readonly kind: "problem"; readonly why: string };

/**
 * Makes every boot from now on start a toplevel, and removes a pending one-shot boot of it or of
 * `other`. Reads it back if the loader can be read. Resolves to null, or to the problem.
 */
export async function setPermanentDefault(
  host: Host,
  wanted: DefaultToSet,
): Promise<string | null> {
  const { profile, toplevel } = wanted;
  const end = await installDefault(host, wanted);
  const isOther = end.kind === "other-default" && end.shadow === null;
  if (!isOther || toplevelAt(profile) !== toplevel) return inWords(end);
  // An installer with a limit of generations leaves an old one out, and others make the newest one
  // the default.
  return (
    (await addGeneration(host, profile, toplevel)) ?? inWords(await installDefault(host, wanted))
  );
}

async function installDefault(host: Host, wanted: DefaultToSet): Promise<InstallerEnd> {
  const { profile, toplevel, other } = wanted;
  const problem = await setBootDefault(host, toplevel);
  if (problem !== null) return { kind: "problem", why: problem };
  const found = await findLoader(host, { profile, toplevel });
  if (found.kind === "unknown") return { kind: "default" };
  const { installedDefault: now, shadow, releaseDefault } = found.loader;
  const pending = await disarm(found.loader, trialsOf({ toplevel, previous: other }));
  if (pending !== null) return { kind: "problem", why: pending };
  // A default that is held stays until the installer's one is right.
  if (now !== null && now !== toplevel) return { kind: "other-default", now, shadow };
  const held = await releaseDefault();
  return held === null ? { kind: "default" } : { kind: "problem", why: held };
}

function inWords(end: InstallerEnd): string | null {
  switch (end.kind) {
    case "default":
      return null;
    case "other-default":
      return `the boot loader's default is ${end.now}${end.shadow === null ? "" : `: ${end.shadow}`}`;
    case "problem":
      return end.why;
  }
}

/** The same, if the loader does not say already that it is so. */
export async function makeBootDefault(host: Host, wanted: DefaultToSet): Promise<string | null> {
  const found = await findLoader(host, wanted);
  return bootsForGood(found, wanted) ? null : await setPermanentDefault(host, wanted);
}

function bootsForGood(found: FoundLoader, wanted: DefaultToSet): boolean {
  return found.kind === "found" && !found.loader.isHeld && alwaysBoots(found.loader, wanted);
}

export type CorrectedDefault =
  | { readonly kind: "set" }
  | { readonly kind: "left" }
  | { readonly kind: "problem"; readonly why: string };

/** The same, unless somebody hides the default that installers write: then they do not help. */
export async function correctBootDefault(
  host: Host,
  wanted: DefaultToSet,
): Promise<CorrectedDefault> {
  const found = await findLoader(host, wanted);
  const isHidden = found.kind === "found" && found.loader.shadow !== null;
  if (isHidden || bootsForGood(found, wanted)) return { kind: "left" };
  const why = await setPermanentDefault(host, wanted);
  return why === null ? { kind: "set" } : { kind: "problem", why };
}

/**
 * Removes a held default if it only hides the system that another activation has made the default
 * meanwhile. It stays while it keeps the host from booting the target of its trial.
 */
export async function releaseOutdatedHold(
  host: Host,
  { profile, toplevel, other }: DefaultToSet,
): Promise<ReleasedHold> {
  const found = await findLoader(host, { profile, toplevel });
  if (found.kind === "unknown" || !found.loader.isHeld) return { kind: "nothing-outdated" };
  const { installedDefault: installed, releaseDefault } = found.loader;
  // What the profile has is what somebody wants; an older generation may only be the newest in a menu.
  const isWanted = installed !== null && installed === toplevelAt(profile);
  const isOther = installed !== toplevel && installed !== other;
  if (!isWanted || !isOther) return { kind: "nothing-outdated" };
  const problem = await releaseDefault();
  return problem === null ? { kind: "released", installed } : { kind: "problem", problem };
}

export type ReleasedHold =
  | { readonly kind: "nothing-outdated" }
  | { readonly kind: "released"; readonly installed: string }
  | { readonly kind: "problem"; readonly problem: string };

/** Whether each of the next boots starts the toplevel. */
function alwaysBoots({ bootDefault, oneShot }: Loader, { toplevel, other }: DefaultToSet): boolean {
  return bootDefault === toplevel && oneShot !== other && oneShot !== toplevel;
}
