import type { Disk } from "../kernel/disk.ts";
import type { Body } from "./program.ts";
import { PROFILE } from "./systems.ts";

/** The generations of the profile that lead somewhere. */
export function generationsOn(disk: Disk): Map<number, string> {
  const found = new Map<number, string>();
  for (const [name, node] of disk.folder("/nix/var/nix/profiles").entries) {
    const number = /^system-(\d+)-link$/.exec(name)?.[1];
    if (number !== undefined && node.kind === "link" && disk.has(node.to)) {
      found.set(Number(number), node.to);
    }
  }
  return new Map([...found].toSorted(([a], [b]) => a - b));
}

/** The toplevel that the profile leads to; null if it leads nowhere. */
export function profileOn(disk: Disk): string | null {
  try {
    return disk.realPath(PROFILE);
  } catch {
    return null;
  }
}

/** `nix-env --profile PROFILE`, with the two changes that are used. It syncs nothing. */
export function* nixEnv(disk: Disk, [change = "", value = ""]: readonly string[]): Body {
  yield "step";
  let number = Number(value);
  if (change === "--set") {
    const last = [...generationsOn(disk)].at(-1);
    number = last?.[1] === value ? last[0] : newestNumber(disk) + 1;
    const path = `${PROFILE}-${number}-link`;
    if (!disk.has(path)) disk.link(value, path);
    yield "step";
  } else if (!generationsOn(disk).has(number)) {
    return { exitCode: 1, stderr: `error: generation ${value} does not exist` };
  }
  // Two at the same time have names of their own.
  const temporary = `${PROFILE}.tmp-${number}-${disk.root.inode}`;
  if (disk.has(temporary)) disk.remove(temporary);
  disk.link(`system-${number}-link`, temporary);
  disk.rename(temporary, PROFILE);
  return { exitCode: 0 };
}

function newestNumber(disk: Disk): number {
  const names = [...disk.folder("/nix/var/nix/profiles").entries.keys()];
  const numbers = names.map((name) => Number(/^system-(\d+)-link$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}
