import type { Disk } from "../kernel/disk.ts";

/** How a system behaves when it is activated or booted. */
export type Health =
  | "good"
  /** A unit of it fails: exit code 4. */
  | "unit fails"
  /** The activation fails: exit code 2. */
  | "activation fails"
  /** Its switch ends in the middle, each time: exit code 1. */
  | "ends half-way"
  /** It does not come up; the machine is reset. */
  | "does not boot";

export interface System {
  readonly path: string;
  readonly kernel: string;
  readonly health: Health;
}

export const PROFILE = "/nix/var/nix/profiles/system";
export const STATE = "/var/lib/deploy-finalize";
export const PINS = "/nix/var/nix/gcroots/deploy-finalize";
export const CONFIG = "/etc/deploy-finalize.json";

const FOLDERS = [
  "/nix",
  "/nix/store",
  "/nix/var",
  "/nix/var/nix",
  "/nix/var/nix/profiles",
  "/nix/var/nix/gcroots",
  "/var",
  "/var/lib",
  "/etc",
  "/etc/systemd",
  "/etc/systemd/system",
  "/boot",
  "/boot/loader",
  "/boot/loader/entries",
  "/sys",
  "/sys/firmware",
  "/sys/firmware/efi",
  "/sys/firmware/efi/efivars",
];

export function makeFolders(disk: Disk): void {
  for (const path of FOLDERS) disk.makeFolder(path);
  for (const path of ["/run", "/proc"]) disk.makeFolder(path, "memory");
}

/** What /run holds right after a boot. */
export function fillRun(disk: Disk, booted: string, bootId: string): void {
  const folders = ["/run/systemd", "/run/systemd/system", "/run/systemd/transient", "/run/nixos"];
  for (const path of folders) disk.makeFolder(path);
  disk.link(booted, "/run/booted-system");
  disk.link(booted, "/run/current-system");
  for (const path of ["/proc/sys", "/proc/sys/kernel", "/proc/sys/kernel/random"]) {
    disk.makeFolder(path);
  }
  write(disk, "/proc/sys/kernel/random/boot_id", `${bootId}\n`);
}

/** Another system runs from now on. */
export function makeCurrent(disk: Disk, toplevel: string): void {
  const temporary = "/run/current-system.new";
  if (disk.has(temporary)) disk.remove(temporary);
  disk.link(toplevel, temporary);
  disk.rename(temporary, "/run/current-system");
}

export function write(disk: Disk, path: string, text: string): void {
  disk.write(disk.create(path), text);
}

/** Puts the specialisation of a system into the store: another system with the same parts. */
export function addSpecialisation(disk: Disk, { path, ...given }: System, name: string): System {
  const special = addSystem(disk, `${path.slice("/nix/store/".length)}-${name}`, given);
  disk.makeFolder(`${path}/specialisation`);
  disk.link(special.path, `${path}/specialisation/${name}`);
  return special;
}

/** Puts a system into the store. */
export function addSystem(disk: Disk, name: string, given: Omit<System, "path">): System {
  const path = `/nix/store/${name}`;
  const { kernel } = given;
  if (!disk.has(`/nix/store/${kernel}`)) {
    disk.makeFolder(`/nix/store/${kernel}`);
    for (const part of PARTS) write(disk, `/nix/store/${kernel}/${part}`, kernel);
  }
  disk.makeFolder(path);
  for (const part of PARTS) disk.link(`/nix/store/${kernel}/${part}`, `${path}/${part}`);
  for (const folder of ["bin", "etc", "etc/systemd", "etc/systemd/system", WANTS]) {
    disk.makeFolder(`${path}/${folder}`);
  }
  write(disk, `${path}/bin/switch-to-configuration`, "");
  for (const unit of UNITS) {
    write(disk, `${path}/etc/systemd/system/${unit}`, "");
    disk.link(`../${unit}`, `${path}/${WANTS}/${unit}`);
  }
  return { path, ...given };
}

const PARTS = ["kernel", "initrd", "kernel-modules"];
const WANTS = "etc/systemd/system/multi-user.target.wants";
const UNITS = ["deploy-finalize-resume.service", "runner.service", "web.service"];
