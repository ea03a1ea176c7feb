import { existsSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../host/files/durable.ts";
import type { Host } from "../host/process/host.ts";
import type { Paths } from "../host/files/paths.ts";
import { messageOf } from "../core/refusal.ts";
import { entryNamed, type GrubConfig, parseGrubConfig } from "./grub-config.ts";
import { readVariable, writeVariable } from "./grub-environment.ts";
import { type Loader, toplevelsOf } from "./loader.ts";
import { mountOf } from "./mounts.ts";

const NEXT = "next_entry";

/** The file systems on which GRUB can overwrite the blocks of a file. */
const WRITABLE: ReadonlySet<string> = new Set(["vfat", "ext2", "ext3", "ext4", "xfs"]);

/** Its menu, if there is one: GRUB need not be what boots. */
export function grubConfigOf({ grub: folder }: Paths): string | null {
  const file = join(folder, "grub.cfg");
  return existsSync(file) ? file : null;
}

/** The present state of GRUB, on BIOS or EFI; null if there is no grub.cfg. */
export function grub({ paths }: Host): Loader | null {
  const folder = paths.grub;
  const source = join(folder, "grub.cfg");
  const text = readIfThere(source);
  if (text === null) return null;
  const config = parseGrubConfig(text);
  const environment = join(folder, "grubenv");
  const next = readVariable(environment, NEXT);
  const put = (name: string | null): string | null => {
    try {
      writeVariable(environment, NEXT, name);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  };
  return {
    name: "GRUB",
    source,
    menu: toplevelsOf(config.entries),
    bootDefault: config.bootDefault,
    installedDefault: config.bootDefault,
    isHeld: false,
    oneShot: next === null ? null : entryNamed(text, next),
    shadow: null,
    obstacle: obstacle(paths, config),
    waits:
      config.menu === "endless"
        ? "its menu has no time limit, so each boot but that of the target waits until somebody chooses: set boot.loader.timeout"
        : null,
    problemOf: () => null,
    setOneShot: async (toplevel) => {
      const entry = config.entries.find((one) => one.toplevel === toplevel);
      return entry === undefined ? `it has no menu entry for ${toplevel}` : put(entry.id);
    },
    clearOneShot: async () => (next === null ? null : put(null)),
    holdDefault: async () => "its installer sets the default, and nothing else can",
    releaseDefault: async () => null,
  };
}

/** A one-shot entry that GRUB cannot clear would boot the target for ever. */
function obstacle(paths: Paths, { nextEntry, bootDefault }: GrubConfig): string | null {
  if (nextEntry === "ignored") {
    return "its grub.cfg ignores next_entry, as old versions of NixOS write it: update nixpkgs";
  }
  if (bootDefault === null) {
    return "its default is not a NixOS entry: remove boot.loader.grub.default";
  }
  const mount = mountOf(paths, paths.grub);
  if (mount === null) return `cannot find the mount point of ${paths.grub}`;
  if (!WRITABLE.has(mount.type)) {
    return `GRUB cannot write to ${mount.type} (${mount.folder}): ${SEPARATE_BOOT}`;
  }
  if (mount.device === "mapped") {
    const why = "it is on LVM, RAID or an encrypted device";
    return `GRUB cannot write to ${mount.folder}, because ${why}: ${SEPARATE_BOOT}`;
  }
  return mount.access === "read-only"
    ? `${mount.folder} is mounted read-only: mount -o remount,rw ${mount.folder}`
    : null;
}

/** What to change if GRUB cannot write where /boot is. */
const SEPARATE_BOOT = `give /boot an ext4 or FAT file system on a plain partition (fileSystems."/boot")`;
