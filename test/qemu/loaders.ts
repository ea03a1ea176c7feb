import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../test-host/paths.ts";

/** What scripts/setup has unpacked for the machines. */
export const parts = join(dirname(cacheFolder), "tools/boot-parts");

/** A boot loader as it is set up on a machine, and how its deployer works. */
export interface Loader {
  readonly name: string;
  readonly program: Program;
  /** The stand-in for NixOS' installer of the loader, in guest/bin. */
  readonly installer: Installer;
  /** `deploy-rs` deletes the default of loader.conf after the installer has written it. */
  readonly deployer: "nixos-rebuild" | "deploy-rs";
}

export type Installer =
  | "install-systemd-boot"
  | "install-systemd-boot-counting"
  | "install-uki"
  | "install-grub";

export type Program =
  | { readonly kind: "systemd-boot"; readonly version: "252" | "262" }
  | { readonly kind: "grub"; readonly firmware: "bios" | "efi" };

const OLD = { kind: "systemd-boot", version: "252" } as const;
const NEW = { kind: "systemd-boot", version: "262" } as const;

export const LOADERS: readonly Loader[] = [
  of("systemd-boot-252", OLD, "install-systemd-boot"),
  of("systemd-boot-262", NEW, "install-systemd-boot"),
  { ...of("deploy-rs", NEW, "install-systemd-boot"), deployer: "deploy-rs" },
  of("boot-counting", NEW, "install-systemd-boot-counting"),
  of("uki", NEW, "install-uki"),
  of("grub-bios", { kind: "grub", firmware: "bios" }, "install-grub"),
  of("grub-efi", { kind: "grub", firmware: "efi" }, "install-grub"),
];

function of(name: string, program: Program, installer: Installer): Loader {
  return { name, program, installer, deployer: "nixos-rebuild" };
}

/** The loader's version of systemd; GRUB's machines have the older one. */
export function systemdOf({ program }: Loader): "252" | "262" {
  return program.kind === "systemd-boot" ? program.version : "252";
}

export function hasFirmware(program: Program): boolean {
  return program.kind === "systemd-boot" || program.firmware === "efi";
}

/** A file of systemd's boot loader; Debian sid moves on, so the version is read from the loader. */
export function systemdBootFile(version: "252" | "262", name: string): string {
  const folder = join(parts, `systemd-${version}`, "usr/lib/systemd/boot/efi");
  const loader = readFileSync(join(folder, "systemd-bootx64.efi"), "latin1");
  const found = /LoaderInfo: systemd-boot (\d+)/.exec(loader)?.[1];
  if (found !== version)
    throw new Error(`systemd-boot is ${found}, not ${version}: see scripts/setup`);
  return join(folder, name);
}
