import { wantedUnits } from "../host/nixos/wanted-units.ts";
import type { Bonds } from "../host/nixos/dry-activation.ts";
import type { Paths } from "../host/files/paths.ts";

/** Units whose stop can break the deploying job. */
export type Role = "ci-runner" | "ssh";

export interface UnitInPlan {
  readonly name: string;
  readonly role: Role | null;
}

/** What a switch would do to units; each unit is in one list only. */
export interface UnitChanges {
  readonly stop: UnitInPlan[];
  readonly restart: UnitInPlan[];
  readonly reload: UnitInPlan[];
  readonly start: UnitInPlan[];
  readonly keep: UnitInPlan[];
}

interface Lists {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  readonly start: readonly string[];
  readonly skip: readonly string[];
}

/**
 * Counts a unit as restarted if switch-to-configuration stops it before the activation and starts it,
 * or its socket, afterwards.
 *
 * @param runners the units of the configured CI runners
 */
export function unitChanges(lists: Lists, runners: readonly string[]): UnitChanges {
  const comesBack = (name: string): boolean =>
    lists.start.includes(name) || lists.start.includes(name.replace(/\.service$/, ".socket"));
  const again = new Set([...lists.restart, ...lists.stop.filter(comesBack)]);
  const marked = (names: Iterable<string>): UnitInPlan[] =>
    [...new Set(names)].toSorted().map((name) => ({ name, role: roleOf(name, runners) }));
  return {
    stop: marked(lists.stop.filter((name) => !again.has(name))),
    restart: marked(again),
    reload: marked(lists.reload.filter((name) => !again.has(name))),
    start: marked(lists.start.filter((name) => !again.has(name))),
    keep: marked(lists.skip),
  };
}

function roleOf(name: string, runners: readonly string[]): Role | null {
  if (runners.includes(name)) return "ci-runner";
  return /^sshd?(@.*)?\.(service|socket)$/.test(name) ? "ssh" : null;
}

/**
 * The new units that a switch would start because a target wants them. It starts every active target
 * again, but dry-activate does not list those units (notes/dry-activate.md).
 *
 * @param loaded the units that systemd knows
 */
export function newlyWanted({ currentSystem }: Paths, toplevel: string, loaded: Bonds): string[] {
  const before = wantedIn(currentSystem, loaded);
  const after = wantedIn(toplevel, loaded);
  return after.filter((unit) => !before.includes(unit) && !loaded.has(unit));
}

/** Only for loaded targets: others start nothing. */
function wantedIn(system: string, loaded: Bonds): string[] {
  const wanted = [...wantedUnits(system)];
  return wanted.filter(([, by]) => by.some((name) => loaded.has(name))).map(([unit]) => unit);
}
