import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { Paths } from "../host/files/paths.ts";
import { readLoaderVariable } from "./efi-variables.ts";
import { mountOf } from "./mounts.ts";

/**
 * Why the EFI system partition of this host is not the one from which its boot loader was started: two
 * disks may have one each, and each loader reads the menu of its own. Null if it is, or if that cannot be
 * known, for example because the partition is part of a RAID.
 */
export function startedElsewhere(paths: Paths, esp: string): string | null {
  const uuid = readLoaderVariable(paths, "LoaderDevicePartUUID")?.toLowerCase() ?? "";
  const partitions = join(paths.devices, "disk/by-partuuid");
  if (!UUID.test(uuid) || !existsSync(partitions)) return null;
  const mount = mountOf(paths, esp);
  if (mount === null || mount.device === "mapped" || mount.block === null) return null;
  const link = join(partitions, uuid);
  const started = existsSync(link) ? basename(realpathSync(link)) : null;
  if (started === mount.block) return null;
  const from = started === null ? `a partition that is gone (${uuid})` : `the partition ${started}`;
  return (
    `the boot loader was started from ${from}, but ${esp} is ${mount.block}: the next boot may use the ` +
    `menu of the other one. Make the firmware start the loader of ${mount.block}, or mount the other one`
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
