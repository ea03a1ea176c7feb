import { readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listFolder } from "./durable.ts";
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
export function generationOf(profile: string, toplevel: string): Generation | null {
  const newestFirst = generations(profile).toSorted((a, b) => b.number - a.number);
  return newestFirst.find(({ link }) => toplevelAt(link) === toplevel) ?? null;
}

function generations(profile: string): Generation[] {
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
