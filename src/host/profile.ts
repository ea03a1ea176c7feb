import { readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listFolder } from "./durable.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import { toplevelAt } from "./toplevel.ts";

export interface Generation {
  readonly number: number;
  readonly link: string;
}

/** The generation that a profile is at: the N of the `…-N-link` that it names, or null. */
export function currentGeneration(profile: string): number | null {
  try {
    return numberOf(basename(profile), basename(readlinkSync(profile)));
  } catch {
    return null;
  }
}

/** The newest generation of a profile whose resolved toplevel is the one given, or null. */
export function generationOf(profile: string, toplevel: string | null): number | null {
  if (toplevel === null) return null;
  const newestFirst = generations(profile).toSorted((a, b) => b.number - a.number);
  return newestFirst.find(({ link }) => toplevelAt(link) === toplevel)?.number ?? null;
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
 * Sets a profile from one toplevel back to another: to its newest generation, or,
 * where a deployer has deleted that, to a new one. A profile that somebody has
 * moved elsewhere meanwhile is left alone.
 *
 * @returns null, or why it could not be set back
 */
export async function restoreProfile(
  host: Host,
  profile: string,
  from: string,
  to: string,
): Promise<string | null> {
  if (toplevelAt(profile) !== from) return null;
  const generation = generationOf(profile, to);
  const change = generation === null ? ["--set", to] : ["--switch-generation", String(generation)];
  const ended = await host.spawn(["nix-env", "--profile", profile, ...change]);
  return ended.exitCode === 0 ? null : `the profile was not set back: ${describeEnd(ended)}`;
}
