import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../host/files/durable.ts";
import type { Paths } from "../host/files/paths.ts";

/** A mount point: proc_pid_mountinfo(5). */
export interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly access: "read-write" | "read-only";
  /** `mapped` if a device mapper or RAID is between the file system and the disk. */
  readonly device: "plain" | "mapped";
  /** The kernel's name of the block device; null if there is none, or it cannot be known. */
  readonly block: string | null;
  /** The folder that an overlay writes to; null for other file systems. */
  readonly upper: string | null;
}

/** The file system that holds a path; null if unknown. */
export function mountOf(paths: Paths, path: string): Mount | null {
  const text = readIfThere(join(paths.processes, "self/mountinfo"));
  if (text === null) return null;
  const real = realpathSync(path);
  const mounts = parseMounts(text);
  const holding = mounts.filter(({ folder }) => isWithin(real, folder));
  // Of two mounts on one folder the later one is visible.
  const mount = holding.reduce<Listed | null>(
    (best, one) => (best === null || one.folder.length >= best.folder.length ? one : best),
    null,
  );
  if (mount === null) return null;
  const block = blockFolder(paths, mount.number);
  return { ...mount, device: deviceOf(block), block: block === null ? null : nameOf(block) };
}

/** A mount point with the number of its device. */
type Listed = Omit<Mount, "device" | "block"> & { readonly number: string };

/** The mount points in the order of the file. */
export function parseMounts(text: string): Listed[] {
  return text.split("\n").flatMap(parse);
}

/** The folder of a block device in sysfs; null if there is none. */
function blockFolder(paths: Paths, number: string): string | null {
  const link = join(paths.blockDevices, number);
  return existsSync(link) ? realpathSync(link) : null;
}

function deviceOf(block: string | null): Mount["device"] {
  // Also a partition of such a device.
  const signs =
    block === null ? [] : ["dm", "md", "../dm", "../md"].map((sign) => join(block, sign));
  return signs.some((sign) => existsSync(sign)) ? "mapped" : "plain";
}

/** sysfs has `!` for `/` in a name. */
function nameOf(block: string): string | null {
  return block.split(/[/!]/).at(-1) ?? null;
}

function parse(line: string): Listed[] {
  const [left = "", right = ""] = line.split(" - ");
  const [, , number, , folder, options] = left.split(" ");
  const [type, , superOptions = ""] = right.split(" ");
  if (number === undefined || folder === undefined || type === undefined) return [];
  const isReadOnly = [options ?? "", superOptions].some((words) => words.split(",").includes("ro"));
  return [
    {
      folder: unescape(folder),
      type,
      access: isReadOnly ? "read-only" : "read-write",
      number,
      upper: upperOf(superOptions),
    },
  ];
}

function upperOf(superOptions: string): string | null {
  const upper = superOptions.split(",").find((word) => word.startsWith("upperdir="));
  return upper === undefined ? null : unescape(upper.slice("upperdir=".length));
}

function unescape(text: string): string {
  return text.replace(/\\(?!000)([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}
