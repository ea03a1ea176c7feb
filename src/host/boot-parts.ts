import { readdirSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { versionInStorePath } from "../core/explain-components.ts";
import type { KernelParameters } from "../core/explain-next-boot.ts";
import type { BootFileSystem } from "../core/explain-warnings.ts";
import type { Paths } from "./paths.ts";

/** What a boot uses of a system, as far as it is there to be read: all of it is only shown. */

/** The version of a system's kernel: its modules' folder, else the store path of the kernel. */
export function kernelVersion(toplevel: string): string | null {
  const modules = readOr([], () => readdirSync(join(toplevel, "kernel-modules/lib/modules")));
  const [only] = modules;
  if (only !== undefined && modules.length === 1) return only;
  const kernel = realPathOf(join(toplevel, "kernel"));
  return kernel === null ? null : versionInStorePath(kernel);
}

export function kernelParameters(paths: Paths, target: string): KernelParameters {
  return {
    booted: wordsOf(join(paths.bootedSystem, "kernel-params")),
    target: wordsOf(join(target, "kernel-params")),
    running: wordsOf(join(paths.processes, "cmdline")),
  };
}

export function realPathOf(path: string): string | null {
  return readOr(null, () => realpathSync.native(path));
}

/** The bytes of files, less those that are not there. */
export function bytesOf(files: readonly string[]): number {
  const sizes = files.map((path) => readOr(0, () => statSync(path).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The file systems on which a boot loader may keep kernels; each once. */
export function bootFileSystems({ bootFolders }: Paths): BootFileSystem[] {
  const seen = new Set<number>();
  return bootFolders.flatMap((folder) => {
    const device = readOr(null, () => statSync(folder).dev);
    if (device === null || seen.has(device)) return [];
    seen.add(device);
    const freeBytes = readOr(null, () => freeBytesOf(folder));
    return freeBytes === null ? [] : [{ folder, freeBytes }];
  });
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function wordsOf(path: string): string[] | null {
  const text = readOr(null, () => readFileSync(path, "utf8"));
  return text === null ? null : text.split(/\s+/).filter((word) => word !== "");
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
