import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Availability } from "../test-host/available.ts";
import { ok } from "../test-host/spawn.ts";

/** What the machines need on this one: a file that shows it, and the Debian package it comes from. */
const NEEDED: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "qemu-system-x86",
  "/usr/share/OVMF/OVMF_CODE.fd": "ovmf",
  "/usr/lib/systemd/boot/efi/systemd-bootx64.efi": "systemd-boot-efi",
  "/usr/lib/grub/i386-pc/boot.img": "grub-pc-bin",
  "/usr/lib/grub/x86_64-efi/kernel.img": "grub-efi-amd64-bin",
  "grub-mkimage": "grub-common",
  "mkfs.vfat": "dosfstools",
  mcopy: "mtools",
  sfdisk: "fdisk",
  cpio: "cpio",
  busybox: "busybox-static",
  mke2fs: "e2fsprogs",
};

/** Whether this machine can boot others, and if not why (one line, for a skipped test). */
export function machinesAvailable(): Availability {
  if (process.arch !== "x64") return no(`the loaders are x86-64, this machine is ${process.arch}`);
  if (process.getuid?.() !== 0) return no("not root");
  if (!existsSync("/etc/debian_version")) return no("this machine is not Debian");
  return { available: true };
}

/** Installs what is missing, once; everything comes from this machine's own Debian mirror. */
export async function installMissing(): Promise<void> {
  const missing = Object.entries(NEEDED).filter(([thing]) => !isThere(thing));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))];
  const options = { timeoutMs: 300_000, env: { DEBIAN_FRONTEND: "noninteractive" } };
  await ok(["apt-get", "update"], options);
  await ok(["apt-get", "install", "--yes", "--no-install-recommends", ...packages], options);
}

function isThere(thing: string): boolean {
  if (thing.startsWith("/")) return existsSync(thing);
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, thing)));
}

function no(reason: string): Availability {
  return { available: false, reason };
}
