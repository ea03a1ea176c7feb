import { join } from "node:path";
import { listFolder } from "./durable.ts";
import type { Bonds } from "./dry-activation.ts";
import type { Paths } from "./paths.ts";

/**
 * The new units that a switch would start because a target wants them. It starts every
 * active target again, so a dry activation does not list those (notes/dry-activate.md).
 *
 * @param loaded the units that systemd knows
 */
export function newlyWanted({ currentSystem }: Paths, toplevel: string, loaded: Bonds): string[] {
  const before = wantedIn(currentSystem, loaded);
  const after = wantedIn(toplevel, loaded);
  return [...after].filter((unit) => !before.has(unit) && !loaded.has(unit));
}

/** Wants of targets that are not loaded start nothing. */
function wantedIn(system: string, loaded: Bonds): Set<string> {
  const folder = join(system, "etc/systemd/system");
  const wants = listFolder(folder).filter((name) => {
    const target = name.replace(/\.(wants|requires)$/, "");
    return target !== name && loaded.has(target);
  });
  return new Set(wants.flatMap((name) => listFolder(join(folder, name))));
}
