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
  return { ...mount, device: deviceOf(paths, mount.number), block: blockOf(paths, mount.number) };
}

/** A mount point with the number of its device. */
type Listed = Omit<Mount, "device" | "block"> & { readonly number: string };

/** The mount points in the order of the file. */
export function parseMounts(text: string): Listed[] {
  return text.split("\n").flatMap(parse);
}

function deviceOf(paths: Paths, number: string): Mount["device"] {
  const block = join(paths.blockDevices, number);
  // Also a partition of such a device.
  const signs = ["dm", "md"].flatMap((sign) => [sign, `../${sign}`]);
  return signs.some((sign) => existsSync(join(realOf(block), sign))) ? "mapped" : "plain";
}

function blockOf(paths: Paths, number: string): string | null {
  const block = join(paths.blockDevices, number);
  // sysfs has `!` for `/` in a name.
  return existsSync(block) ? (realOf(block).split(/[/!]/).at(-1) ?? null) : null;
}

function realOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
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
