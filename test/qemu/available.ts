import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Availability } from "../test-host/available.ts";
import { cacheFolder } from "../test-host/paths.ts";

/** The packages that `scripts/setup boot` unpacks: a kernel with its modules, and bootctl. */
export const bootPackages = join(dirname(cacheFolder), "boot-packages");

/** Whether this machine can boot others, and if not why (one line, for a skipped test). */
export function machinesAvailable(): Availability {
  if (process.arch !== "x64") return no(`the loaders are x86-64, this machine is ${process.arch}`);
  if (process.getuid?.() !== 0) return no("not root");
  if (!existsSync("/etc/debian_version")) return no("this machine is not Debian");
  if (!existsSync(join(bootPackages, "complete")))
    return no("`sh scripts/setup boot` has not installed what they need");
  return { available: true };
}

function no(reason: string): Availability {
  return { available: false, reason };
}
