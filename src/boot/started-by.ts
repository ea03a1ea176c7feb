import { join } from "node:path";
import { readIfThere } from "../host/files/durable.ts";
import type { Paths } from "../host/files/paths.ts";
import { readLoaderVariable } from "./efi-variables.ts";

/** The boot loader that started this kernel, as it says itself: files of another one may lie about. */
export type StartedBy =
  | { readonly kind: "systemd-boot" }
  | { readonly kind: "GRUB" }
  | { readonly kind: "other"; readonly why: string }
  | { readonly kind: "uncertain"; readonly why: string };

/**
 * LoaderInfo is set by systemd-boot and by some others at each boot; GRUB only sets it with its module
 * `bli`. But GRUB alone gives the kernel its path with a device: `BOOT_IMAGE=(hd0,gpt2)/…`.
 */
export function startedBy(paths: Paths): StartedBy {
  const info = readLoaderVariable(paths, "LoaderInfo");
  const isGrub = imageOfGrub(paths) !== null;
  if (info === null) {
    return isGrub ? { kind: "GRUB" } : { kind: "uncertain", why: UNCERTAIN };
  }
  if (info.startsWith("GRUB ")) return { kind: "GRUB" };
  if (!info.startsWith("systemd-boot ")) {
    return { kind: "other", why: `${info} started this host, and cannot boot a system once` };
  }
  return isGrub
    ? { kind: "uncertain", why: "both systemd-boot and GRUB took part in this boot" }
    : { kind: "systemd-boot" };
}

const UNCERTAIN =
  "it is not certain which boot loader started this host: neither systemd-boot nor GRUB says so";

/** The word `BOOT_IMAGE=(DEVICE)PATH` of the kernel's parameters; null if GRUB did not start it. */
export function imageOfGrub({ processes }: Paths): string | null {
  const parameters = readIfThere(join(processes, "cmdline")) ?? "";
  return /(?:^|\s)(BOOT_IMAGE=\([^)\s]+\)\S*)/.exec(parameters)?.[1] ?? null;
}
