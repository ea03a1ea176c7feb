import { rmSync } from "node:fs";
import { EdgeHost } from "../support/edge-host.ts";

export const OLD = "/nix/store/old";
export const NEW = "/nix/store/new";
/** One without generations. */
export const PROFILE = "/nix/var/nix/profiles/nothing";
const VENDOR = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/** A host that systemd-boot has started; installers and bootctl are stand-ins that do what those do. */
export function systemdBootHost(): EdgeHost {
  const host = new EdgeHost();
  setVariable(host, "LoaderInfo", "systemd-boot 257.9");
  entry(host, "nixos-1111.conf", OLD);
  entry(host, "nixos-2222.conf", NEW);
  entry(host, "memtest.conf", null);
  host.folder.write("boot/EFI/nixos/k.efi", "");
  host.folder.write("boot/loader/loader.conf", "timeout 5\ndefault nixos-2222.conf\n");
  installs(host, (toplevel) => {
    const name = toplevel === OLD ? "nixos-1111.conf" : "nixos-2222.conf";
    host.folder.write("boot/loader/loader.conf", `timeout 5\ndefault ${name}\n`);
  });
  setsVariable(host, "bootctl set-oneshot", "LoaderEntryOneShot");
  setsVariable(host, "bootctl set-default", "LoaderEntryDefault");
  return host;
}

function setsVariable(host: EdgeHost, command: string, name: string): void {
  host.answers[command] = ([, , id = ""]) => {
    if (id === "") removeVariable(host, name);
    else setVariable(host, name, id);
    return {};
  };
}

/** What the host's programs were called for, without questions. */
export function changes(host: EdgeHost): (readonly string[])[] {
  const questions = new Set(["--json=short", "--print-esp-path"]);
  return host.ran.filter(([, first = ""]) => !questions.has(first));
}

export function entry(host: EdgeHost, name: string, toplevel: string | null): void {
  const options = toplevel === null ? "" : `options init=${toplevel}/init loglevel=4\n`;
  host.folder.write(
    `boot/loader/entries/${name}`,
    `title NixOS\nlinux /EFI/nixos/k.efi\n${options}`,
  );
}

/** As efivarfs shows it: four bytes of attributes, then UTF-16 with a closing zero. */
export function setVariable(host: Pick<EdgeHost, "folder">, name: string, text: string): void {
  const path = host.folder.write(`sys/firmware/efi/efivars/${name}-${VENDOR}`, "");
  rmSync(path);
  const bytes = Buffer.concat([Buffer.from([7, 0, 0, 0]), Buffer.from(`${text}\0`, "utf16le")]);
  host.folder.write(`sys/firmware/efi/efivars/${name}-${VENDOR}`, bytes.toString("latin1"));
}

export function removeVariable(host: Pick<EdgeHost, "folder">, name: string): void {
  host.folder.remove(`sys/firmware/efi/efivars/${name}-${VENDOR}`);
}

/** A host with GRUB, whose /boot is a plain ext4 file system. */
export function grubHost(): EdgeHost {
  const host = new EdgeHost();
  installs(host, (toplevel) => host.folder.write("boot/grub/grub.cfg", grubConfig(toplevel)));
  host.folder.write("boot/grub/grub.cfg", grubConfig(NEW));
  host.folder.write("proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)//kernels/linux init=/init quiet\n");
  mountBoot(host, "ext4", "rw");
  return host;
}

/** What proc_pid_mountinfo(5) says of /boot, which is the device 8:1. */
export function mountBoot(host: EdgeHost, type: string, access: "rw" | "ro"): void {
  const boot = host.folder.at("boot");
  const lines = [
    `22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw`,
    `36 22 8:1 / ${boot} ${access},relatime shared:1 - ${type} /dev/sda1 ${access}`,
  ];
  host.folder.write("proc/self/mountinfo", `${lines.join("\n")}\n`);
}

/** As install-grub writes it, with a submenu of its user's after it. */
export function grubConfig(defaultToplevel: string, value = "0"): string {
  return `
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
  set next_entry=
  save_env next_entry
  set timeout=1
  set boot_once=true
else
  set default="${value}"
  set timeout=5
fi
function own {
  set x=1
}
${menuEntry("NixOS - Default", defaultToplevel)}
submenu "NixOS - All configurations" --class submenu {
${menuEntry("NixOS - Configuration 2 (2026-11-22 - 26.11)", NEW)}
${menuEntry("NixOS - Configuration 1 (2026-11-20 - 26.11)", OLD)}
}
menuentry 'Memory test' {
  linux16 /memtest
}
`;
}

function menuEntry(title: string, toplevel: string): string {
  return `
menuentry "${title}" --class nixos --unrestricted {
search --set=drive1 --fs-uuid 1234
  linux ($drive1)//kernels/linux init=${toplevel}/init loglevel=4
  initrd ($drive1)//kernels/initrd
}
`;
}

function installs(host: EdgeHost, install: (toplevel: string) => void): void {
  for (const toplevel of [OLD, NEW]) {
    host.answers[`${toplevel}/bin/switch-to-configuration boot`] = () => {
      install(toplevel);
      return {};
    };
  }
}
