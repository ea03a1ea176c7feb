import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Paths } from "../host/files/paths.ts";
import { type Mount, mountOf } from "./mounts.ts";

const IN_MEMORY = new Set(["tmpfs", "ramfs", "rootfs"]);

/** The roots that an initrd of NixOS gives to the system that it starts. */
const INITRD_ROOTS = /^\/(?:sysroot|mnt-root)(?=\/)/;

/**
 * The file system in memory that holds a folder, in words; null if the folder survives a reboot, or
 * if that is unknown. The folder need not exist: then its nearest parent that exists counts.
 */
export function memoryUnder(paths: Paths, folder: string): string | null {
  try {
    return memoryAt(paths, nearestExisting(folder));
  } catch {
    // A folder that cannot be looked at fails where it is used, with the reason.
    return null;
  }
}

function memoryAt(paths: Paths, folder: string): string | null {
  const mount = mountOf(paths, folder);
  if (mount === null) return null;
  if (IN_MEMORY.has(mount.type)) return mount.type;
  const upper = upperFolder(mount);
  const below = upper === null ? null : mountOf(paths, upper);
  return below !== null && IN_MEMORY.has(below.type) ? `${mount.type} above ${below.type}` : null;
}

/** Where an overlay writes to, as this system sees it: an initrd may have mounted the overlay. */
function upperFolder({ type, upper }: Mount): string | null {
  if (type !== "overlay" || upper === null) return null;
  return [upper, upper.replace(INITRD_ROOTS, "")].find((path) => existsSync(path)) ?? null;
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}
