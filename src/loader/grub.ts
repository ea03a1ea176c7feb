import { join } from "node:path";
import { readIfThere } from "../host/durable.ts";
import type { Host } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import { messageOf } from "../core/refusal.ts";
import { entryNamed, type GrubConfig, parseGrubConfig } from "./grub-config.ts";
import { readVariable, writeVariable } from "./grub-environment.ts";
import { type Loader, toplevelsOf } from "./loader.ts";
import { mountOf } from "./mounts.ts";

const NEXT = "next_entry";

/** The file systems on which GRUB finds the blocks of a file, so that it can overwrite them. */
const WRITABLE: ReadonlySet<string> = new Set(["vfat", "ext2", "ext3", "ext4", "xfs"]);

/** GRUB as it stands; null where there is no grub.cfg. BIOS and EFI are the same here. */
export function grub({ paths }: Host): Loader | null {
  const folder = paths.grub;
  const text = readIfThere(join(folder, "grub.cfg"));
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
    menu: toplevelsOf(config.entries),
    bootDefault: config.bootDefault,
    oneShot: next === null ? null : entryNamed(text, next),
    obstacle: obstacle(paths, config),
    setOneShot: async (toplevel) => {
      const entry = config.entries.find((one) => one.toplevel === toplevel);
      return entry === undefined ? `its menu has no entry for ${toplevel}` : put(entry.id);
    },
    clearOneShot: async () => (next === null ? null : put(null)),
  };
}

/** A one-shot that GRUB cannot forget would boot the target for ever. */
function obstacle(paths: Paths, { nextEntry, bootDefault }: GrubConfig): string | null {
  if (nextEntry === "ignored") return "its grub.cfg does not heed next_entry";
  if (bootDefault === null) return "its default is no entry of NixOS (boot.loader.grub.default)";
  const mount = mountOf(paths, paths.grub);
  if (mount === null) return `it cannot be told where ${paths.grub} is mounted`;
  if (!WRITABLE.has(mount.type)) return `GRUB cannot write to ${mount.type} (${mount.folder})`;
  if (mount.device === "mapped") {
    return `GRUB cannot write to ${mount.folder}: it lies on LVM, RAID or an encrypted device`;
  }
  return mount.access === "read-only" ? `${mount.folder} is mounted read-only` : null;
}
