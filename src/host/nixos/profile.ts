import { readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listFolder } from "../files/durable.ts";
import type { Host } from "../process/host.ts";
import { problemOf } from "../process/spawn.ts";
import { toplevelAt } from "./toplevel.ts";

export interface Generation {
  readonly number: number;
  readonly link: string;
}

/** The current generation of a profile: the N of its `…-N-link`, or null. */
export function currentGeneration(profile: string): number | null {
  try {
    return numberOf(basename(profile), basename(readlinkSync(profile)));
  } catch {
    return null;
  }
}

/** The newest generation of a profile that resolves to a toplevel, or null. */
export function generationOf(profile: string, toplevel: string | null): number | null {
  if (toplevel === null) return null;
  const newestFirst = generations(profile).toSorted((a, b) => b.number - a.number);
  return newestFirst.find(({ link }) => toplevelAt(link) === toplevel)?.number ?? null;
}

/**
 * The toplevel that a profile had for a system that is not one of its generations itself: the
 * generation of which it is a specialisation, or, for a system that was only tried, the newest one
 * before the target's. Null if the system is a generation, and if there is none of these.
 */
export function profileBehind(
  profile: string,
  system: string | null,
  target: string,
): string | null {
  if (system === null || generationOf(profile, system) !== null) return null;
  const newestFirst = generations(profile).toSorted((a, b) => b.number - a.number);
  const parent = newestFirst.find(({ link }) => nameAmong(link, system) !== null);
  const ofTarget = generationOf(profile, target) ?? Infinity;
  const before = newestFirst.find(
    ({ number, link }) => number < ofTarget && toplevelAt(link) !== target,
  );
  const found = parent ?? before;
  return found === undefined ? null : toplevelAt(found.link);
}

/** The name that a system has as a specialisation of a generation; null if it is none. */
export function specialisationName(profile: string, system: string | null): string | null {
  if (system === null || generationOf(profile, system) !== null) return null;
  for (const { link } of generations(profile)) {
    const name = nameAmong(link, system);
    if (name !== null) return name;
  }
  return null;
}

function nameAmong(toplevel: string, system: string): string | null {
  const names = listFolder(join(toplevel, "specialisation"));
  return names.find((name) => specialisationAt(toplevel, name) === system) ?? null;
}

/** A system's specialisation of that name; null if it has none. */
export function specialisationAt(toplevel: string, name: string): string | null {
  return toplevelAt(join(toplevel, "specialisation", name));
}

/** The toplevel of the newest generation, whether the profile points to it or not; null if unknown. */
export function newestToplevel(profile: string): string | null {
  const all = generations(profile);
  const newest = all.reduce<Generation | null>(
    (best, one) => (best === null || one.number > best.number ? one : best),
    null,
  );
  return newest === null ? null : toplevelAt(newest.link);
}

/** Every generation of a profile, in no order. */
export function generations(profile: string): Generation[] {
  const folder = dirname(profile);
  return listFolder(folder).flatMap((name) => {
    const number = numberOf(basename(profile), name);
    return number === null ? [] : [{ number, link: join(folder, name) }];
  });
}

function numberOf(profileName: string, linkName: string): number | null {
  if (!linkName.startsWith(`${profileName}-`)) return null;
  const match = /^(\d+)-link$/.exec(linkName.slice(profileName.length + 1));
  return match === null ? null : Number(match[1]);
}

/**
 * Restores a profile from one toplevel to another: to its newest generation, or to a new one if a
 * deployer has deleted it. A profile that points to another system by now is not changed.
 *
 * @returns null, or why the profile could not be restored
 */
export async function restoreProfile(
  host: Host,
  profile: string,
  from: string,
  to: string,
): Promise<string | null> {
  const known = new Set(generations(profile).map(({ number }) => number));
  if (toplevelAt(profile) !== from) return null;
  const generation = generationOf(profile, to);
  const change = generation === null ? ["--set", to] : switchTo(generation);
  const problem = await changeProfile(host, profile, change);
  if (problem !== null) return `cannot restore the profile: ${problem}`;
  return await giveBack(host, profile, to, known);
}

/**
 * nix-env does not look at what the profile was: a deploy that set it since our look has made a
 * generation, and would be scheduled as the system that was restored.
 */
async function giveBack(
  host: Host,
  profile: string,
  to: string,
  known: ReadonlySet<number>,
): Promise<string | null> {
  const deployed = generations(profile)
    .filter(({ number, link }) => !known.has(number) && toplevelAt(link) !== to)
    .toSorted((a, b) => b.number - a.number)[0];
  if (deployed === undefined || toplevelAt(profile) !== to) return null;
  const { number } = deployed;
  const problem = await changeProfile(host, profile, switchTo(number));
  const came = `${profile} was set to generation ${number} by a deploy meanwhile`;
  if (problem !== null) return `${came}, and cannot be set to that again: ${problem}`;
  host.say(`${came}, and is that again`);
  return null;
}

function switchTo(generation: number): string[] {
  return ["--switch-generation", String(generation)];
}

async function changeProfile(
  host: Host,
  profile: string,
  change: readonly string[],
): Promise<string | null> {
  const ended = await host.spawn(["nix-env", "--profile", profile, ...change], { streams: "ends" });
  return problemOf(ended);
}

/** Makes a toplevel a generation of its own, the newest one. Resolves to null, or to the problem. */
export async function addGeneration(
  host: Host,
  profile: string,
  toplevel: string,
): Promise<string | null> {
  const problem = await changeProfile(host, profile, ["--set", toplevel]);
  return problem === null ? null : `cannot add a generation: ${problem}`;
}
