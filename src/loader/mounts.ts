import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../host/durable.ts";
import type { Paths } from "../host/paths.ts";

/** Where a folder is mounted: proc_pid_mountinfo(5). */
export interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly access: "read-write" | "read-only";
  /** `mapped` where something lies between the file system and the disk. */
  readonly device: "plain" | "mapped";
}

/** The file system that holds a path; null where it cannot be told. */
export function mountOf(paths: Paths, path: string): Mount | null {
  const text = readIfThere(join(paths.processes, "self/mountinfo"));
  if (text === null) return null;
  const real = realpathSync(path);
  const mounts = text.split("\n").flatMap((line) => parse(paths, line));
  const holding = mounts.filter(({ folder }) => isWithin(real, folder));
  const longest = Math.max(...holding.map(({ folder }) => folder.length));
  // Of two mounts on one folder the later one is seen.
  return holding.findLast(({ folder }) => folder.length === longest) ?? null;
}

function parse(paths: Paths, line: string): Mount[] {
  const [left = "", right = ""] = line.split(" - ");
  const [, , device, , folder, options] = left.split(" ");
  const [type, , superOptions = ""] = right.split(" ");
  if (device === undefined || folder === undefined || type === undefined) return [];
  const isReadOnly = [options ?? "", superOptions].some((words) => words.split(",").includes("ro"));
  const block = join(paths.blockDevices, device);
  const isMapped = existsSync(join(block, "dm")) || existsSync(join(block, "md"));
  return [
    {
      folder: folder.replace(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
      type,
      access: isReadOnly ? "read-only" : "read-write",
      device: isMapped ? "mapped" : "plain",
    },
  ];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}
