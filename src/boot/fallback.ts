import type { Host } from "../host/process/host.ts";
import { findLoader, type Installed } from "./detect.ts";
import type { FoundLoader, Loader } from "./loader.ts";

/** A system to boot once, and the system that every other boot starts. */
export interface Trial {
  readonly profile: string;
  readonly target: string;
  readonly previous: string;
}

/** Why the target cannot be booted once with the previous system as the default; null if it can. */
export function fallbackObstacle(
  found: FoundLoader,
  trial: Pick<Trial, "target" | "previous">,
): string | null {
  return beforeInstaller(found, trial) ?? menuObstacle(found, trial);
}

/** The default and the menu are what the previous system's installer writes. */
function beforeInstaller(
  found: FoundLoader,
  { target, previous }: Pick<Trial, "target" | "previous">,
): string | null {
  const isOther = found.kind === "unknown" || target !== previous;
  return isOther ? lastingObstacle(found) : "there is no other system to fall back to";
}

/** What no installer changes. */
export function lastingObstacle(found: FoundLoader): string | null {
  if (found.kind === "unknown") return found.why;
  const { name, obstacle } = found.loader;
  return obstacle === null ? null : `${name}: ${obstacle}`;
}

function menuObstacle(
  found: FoundLoader,
  { target, previous }: Pick<Trial, "target" | "previous">,
): string | null {
  if (found.kind === "unknown") return found.why;
  const { name, menu, problemOf } = found.loader;
  const missing = [target, previous].find((toplevel) => !menu.includes(toplevel));
  if (missing !== undefined) return `${name} has no menu entry for ${missing}; ${raiseLimit(name)}`;
  const problem = problemOf(target) ?? problemOf(previous);
  return problem === null
    ? null
    : `${name}: ${problem}; run switch-to-configuration boot of that system`;
}

function raiseLimit(name: Loader["name"]): string {
  const option = name === "GRUB" ? "boot.loader.grub" : "boot.loader.systemd-boot";
  return `its generation may be deleted, or ${option}.configurationLimit be less than 2`;
}

/**
 * Makes the next boot, and only that, start the target. It first makes the previous system the
 * default: after a power cut in between, the previous system boots.
 *
 * @param setBootDefault runs the loader's installer; resolves to null, or to the problem
 * @returns null, or why there is no fallback: then the boot default may be the previous system
 */
export async function armFallback(
  host: Host,
  trial: Trial,
  setBootDefault: (toplevel: string) => Promise<string | null>,
): Promise<string | null> {
  const installed = { profile: trial.profile, toplevel: trial.target };
  const before = beforeInstaller(await findLoader(host, installed), trial);
  if (before !== null) return before;
  const problem = await setBootDefault(trial.previous);
  if (problem !== null) return problem;
  // The installer has rewritten the menu.
  const found = await findLoader(host, installed);
  const obstacle = fallbackObstacle(found, trial);
  if (obstacle !== null || found.kind === "unknown") return obstacle;
  const { loader } = found;
  const unheld = await makeDefault(host, loader, trial.previous, installed);
  if (unheld !== null) return `${loader.name}: ${unheld}`;
  const unset = await loader.setOneShot(trial.target);
  return unset === null ? null : `${loader.name}: ${unset}`;
}

/** Some installers make the newest generation the default, whatever they are called for. */
async function makeDefault(
  host: Host,
  { bootDefault, holdDefault }: Loader,
  toplevel: string,
  installed: Installed,
): Promise<string | null> {
  if (bootDefault === toplevel) return null;
  const made = `its installer made ${bootDefault ?? "something else"} the boot default`;
  const problem = await holdDefault(toplevel);
  if (problem !== null) return `${made}; ${problem}`;
  return (await bootDefaultOf(host, installed)).toplevel === toplevel ? null : made;
}

/** Removes a pending one-shot boot of one of these systems; any other pending one stays. */
export async function disarm(
  { oneShot, clearOneShot }: Loader,
  toplevels: readonly string[],
): Promise<string | null> {
  return oneShot !== null && toplevels.includes(oneShot) ? await clearOneShot() : null;
}

/** What the loader boots by default. */
export interface BootDefault {
  /** Null if unknown. */
  readonly toplevel: string | null;
  readonly isHeld: boolean;
}

export async function bootDefaultOf(host: Host, installed: Installed): Promise<BootDefault> {
  const found = await findLoader(host, installed);
  if (found.kind === "unknown") return { toplevel: null, isHeld: false };
  const { bootDefault, isHeld } = found.loader;
  return { toplevel: bootDefault, isHeld };
}
