import type { OldCode } from "./schema.ts";
import { type Place, placeOf } from "./places.ts";
import type { ProcessSeen } from "./processes.ts";

/** A process that runs code that is not in the closure of the running system. */
export interface Suspect {
  readonly id: number;
  readonly place: Place;
  /** The store paths of that code. */
  readonly paths: readonly string[];
}

/** More units than this are only counted. */
export const MOST_UNITS = 50;
const MOST_PATHS = 3;

/**
 * The processes with code that the running system does not have. Left out: our own units, which
 * end soon, and builds of Nix, which run whatever they are given.
 *
 * @param codeOf the store paths of what a process runs
 * @param closure of the running system
 */
export function suspectsAmong(
  processes: readonly ProcessSeen[],
  codeOf: (process: ProcessSeen) => readonly string[],
  closure: ReadonlySet<string>,
): Suspect[] {
  return processes.flatMap((process) => {
    const place = placeOf(process.groups);
    if (isOurs(place) || isBuild(place, process)) return [];
    const paths = codeOf(process).filter((path) => !closure.has(path));
    return paths.length === 0 ? [] : [{ id: process.id, place, paths }];
  });
}

function isOurs(place: Place): boolean {
  return place.kind === "unit" && place.unit.startsWith("deploy-finalize-");
}

function isBuild(place: Place, { userId }: ProcessSeen): boolean {
  return place.kind === "unit" && place.unit === "nix-daemon.service" && userId !== 0;
}

/** What tells old code from code that never belonged to a system, such as `nix shell` brings. */
export interface Evidence {
  /** The store paths of the earlier systems that are known. */
  readonly earlier: ReadonlySet<string>;
  /** The main processes of services: they run what the system was told to run. */
  readonly mainProcesses: ReadonlySet<number>;
}

/** What is old for certain; the paths of a suspect are only those then. */
export function confirm(suspects: readonly Suspect[], evidence: Evidence): Suspect[] {
  return suspects.flatMap((suspect) => {
    const known = suspect.paths.filter((path) => evidence.earlier.has(path));
    const isMain = suspect.place.kind === "unit" && evidence.mainProcesses.has(suspect.id);
    const paths = known.length > 0 || !isMain ? known : suspect.paths;
    return paths.length === 0 ? [] : [{ ...suspect, paths }];
  });
}

/** Words for what only the host knows. */
export interface Words {
  readonly userName: (userId: number) => string;
  readonly whyNotRestarted: (unit: string) => string;
}

/** The units of processes with old code, by name. */
export function groupByUnit(found: readonly Suspect[], words: Words): OldCode {
  const groups = Map.groupBy(found, ({ place }) => titleOf(place, words));
  const titles = [...groups.keys()].toSorted();
  const units = titles.slice(0, MOST_UNITS).map((unit) => {
    const members = groups.get(unit) ?? [];
    const paths = [...new Set(members.flatMap((member) => member.paths))].toSorted();
    const why = members[0] === undefined ? "unknown" : whyOf(members[0].place, words);
    return { unit, why, processes: members.length, paths: paths.slice(0, MOST_PATHS) };
  });
  return { kind: "known", units, more: titles.length - units.length };
}

function titleOf(place: Place, { userName }: Words): string {
  switch (place.kind) {
    case "unit":
    case "container":
      return place.unit;
    case "user":
      return `user session of ${userName(place.userId)}`;
    case "none":
      return "no unit";
  }
}

function whyOf(place: Place, words: Words): string {
  switch (place.kind) {
    case "unit":
      return words.whyNotRestarted(place.unit);
    case "container":
      return "the processes of a container are not restarted";
    case "user":
      return "the processes of a user session are not restarted";
    case "none":
      return "the processes belong to no unit";
  }
}
