import type { Host } from "../host/process/host.ts";
import { findLoader } from "./detect.ts";
import type { FoundLoader } from "./loader.ts";

/** A system to boot once, and the system that every other boot starts. */
export interface Trial {
  readonly target: string;
  readonly previous: string;
}

/** Why the target cannot be booted once with the previous system as the default; null if it can. */
export function fallbackObstacle(found: FoundLoader, { target, previous }: Trial): string | null {
  if (found.kind === "unknown") return found.why;
  const { name, menu, obstacle } = found.loader;
  if (target === previous) return "there is no other system to fall back to";
  if (obstacle !== null) return `${name}: ${obstacle}`;
  const missing = [target, previous].find((toplevel) => !menu.includes(toplevel));
  return missing === undefined ? null : `${name} has no menu entry for ${missing}`;
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
  const before = fallbackObstacle(findLoader(host), trial);
  if (before !== null) return before;
  const problem = await setBootDefault(trial.previous);
  if (problem !== null) return problem;
  // The installer has rewritten the menu.
  const found = findLoader(host);
  const obstacle = fallbackObstacle(found, trial);
  if (obstacle !== null || found.kind === "unknown") return obstacle;
  const { name, bootDefault } = found.loader;
  if (bootDefault !== trial.previous) {
    return `${name}: its installer made ${bootDefault ?? "something else"} the boot default`;
  }
  const unset = await found.loader.setOneShot(trial.target);
  return unset === null ? null : `${name}: ${unset}`;
}

/** Removes a pending one-shot boot of one of these systems; any other pending one stays. */
export async function disarm(host: Host, toplevels: readonly string[]): Promise<string | null> {
  const found = findLoader(host);
  if (found.kind === "unknown" || found.loader.oneShot === null) return null;
  return toplevels.includes(found.loader.oneShot) ? await found.loader.clearOneShot() : null;
}

/** The toplevel that the loader boots by default; null if unknown. */
export function bootDefaultOf(host: Host): string | null {
  const found = findLoader(host);
  return found.kind === "found" ? found.loader.bootDefault : null;
}
