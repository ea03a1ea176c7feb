import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { repository } from "../test-host/paths.ts";
import { ok } from "../test-host/spawn.ts";
import { cached } from "./cached.ts";
import { type Loader, systemdBootFile } from "./loaders.ts";
import { LABELS, TOPLEVELS, toplevelNamed } from "./toplevels.ts";
import { initrd, kernel } from "./parts.ts";
import { makeUki } from "./uki.ts";

const MIB = 1024 * 1024;
const BOOT = { at: 1, size: 126 };
const DATA = { at: 127, size: 161 };

const guest = join(import.meta.dirname, "guest");

/**
 * The disk of a machine as an installer leaves it: the old system is its only generation and the
 * boot default. The other systems are in the store, as after `nix copy`.
 */
export async function disk(loader: Loader): Promise<string> {
  const bundle = readFileSync(join(repository, "dist/deploy-finalize.cjs"));
  const files = (await ok(["find", guest, "-type", "f"])).trim().split("\n").toSorted();
  const recipe = [
    bundle,
    ...files.map((file) => readFileSync(file)),
    readFileSync(import.meta.filename),
  ];
  const parts = [await kernel(), await initrd("good"), await initrd("panic"), await initrd("hang")];
  const name = `disk-${loader.name}`;
  return await cached(name, [...parts, JSON.stringify(loader), ...recipe], async (path) => {
    const work = mkdtempSync("/var/tmp/deploy-finalize-disk-");
    await makeData(work, loader);
    await makeBoot(work, loader);
    await assemble(work, loader, path);
    rmSync(work, { recursive: true });
  });
}

/** The store, the profile and /var. */
async function makeData(work: string, loader: Loader): Promise<void> {
  const data = join(work, "root");
  const store = join(data, "nix/store");
  const profiles = join(data, "nix/var/nix/profiles");
  for (const folder of [store, profiles, join(data, "nix/var/nix/gcroots")]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const folder of ["log", "lib", "cache"])
    mkdirSync(join(data, "var", folder), { recursive: true });
  writeFileSync(join(data, "var/installer"), loader.installer);
  cpSync(join(repository, "dist/deploy-finalize.cjs"), join(store, "deploy-finalize.cjs"));
  cpSync(join(await kernel(), "vmlinuz"), join(store, "linux-6.1"));
  for (const fate of ["good", "panic", "hang"] as const) {
    cpSync(await initrd(fate), join(store, `initrd-${fate}`));
  }
  // The same contents as the good one under other names: a new initrd asks for a reboot.
  for (const label of ["old", "emergency"])
    cpSync(await initrd("good"), join(store, `initrd-${label}`));
  for (const label of LABELS) {
    makeToplevel(data, label);
    if (loader.installer === "install-uki") await makeUki(data, label);
  }
  symlinkSync(TOPLEVELS.old, join(profiles, "system-1-link"));
  symlinkSync("system-1-link", join(profiles, "system"));
}

function makeToplevel(data: string, label: string): void {
  const toplevel = toplevelNamed(label);
  const folder = join(data, toplevel);
  mkdirSync(join(folder, "bin"), { recursive: true });
  symlinkSync("/nix/store/linux-6.1", join(folder, "kernel"));
  symlinkSync("/nix/store/linux-6.1", join(folder, "kernel-modules"));
  symlinkSync(`/nix/store/initrd-${label}`, join(folder, "initrd"));
  const params = "console=ttyS0 loglevel=4 panic=1 random.trust_cpu=on";
  writeFileSync(join(folder, "kernel-params"), params);
  writeFileSync(join(folder, "init-interface-version"), "1\n");
  const init = readFileSync(join(guest, "init"), "utf8").replaceAll("@toplevel@", toplevel);
  writeFileSync(join(folder, "init"), init, { mode: 0o755 });
  const script = `#!/bin/sh\nexec stand-in-switch ${toplevel} "$1"\n`;
  writeFileSync(join(folder, "bin/switch-to-configuration"), script, { mode: 0o755 });
  // guest/init does what the unit does; its file says that this is so.
  const wants = join(folder, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wants, { recursive: true });
  writeFileSync(join(wants, "../deploy-finalize-resume.service"), "");
  symlinkSync("../deploy-finalize-resume.service", join(wants, "deploy-finalize-resume.service"));
}

/** The file system of /boot with the loader; its entries are what the stand-in installer writes. */
async function makeBoot(work: string, loader: Loader): Promise<void> {
  const image = join(work, "boot.img");
  writeFileSync(image, "");
  truncateSync(image, BOOT.size * MIB);
  await ok(["mkfs.vfat", "-F", "32", "-n", "BOOT", image]);
  const boot = join(work, "root/boot");
  mkdirSync(join(boot, "EFI/BOOT"), { recursive: true });
  const efi = join(boot, "EFI/BOOT/BOOTX64.EFI");
  const { program } = loader;
  if (program.kind === "systemd-boot")
    cpSync(systemdBootFile(program.version, "systemd-bootx64.efi"), efi);
  else if (program.firmware === "efi") await grubImage(work, "x86_64-efi", efi);
  else await grubImage(work, "i386-pc", join(work, "core.img"));
  await installEntries(join(work, "root"), loader);
  await ok(["sh", "-c", `mcopy -s -i ${image} ${boot}/* ::`]);
}

/** Runs the machines' own installer on the disk to be. */
async function installEntries(root: string, loader: Loader): Promise<void> {
  const bin = join(root, "bin");
  for (const name of ["bin", "dev"]) mkdirSync(join(root, name));
  cpSync("/bin/busybox", join(bin, "busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(bin, applet));
  for (const name of readdirSync(join(guest, "bin"))) {
    if (/^install-|^checkpoint$/.test(name)) cpSync(join(guest, "bin", name), join(bin, name));
  }
  const env = { PATH: "/bin:/usr/sbin:/usr/bin" };
  await ok(["chroot", root, `/bin/${loader.installer}`, TOPLEVELS.old], { env });
  if (loader.program.kind === "grub") {
    writeFileSync(join(root, "boot/grub/grubenv"), "# GRUB Environment Block\n".padEnd(1024, "#"));
  }
}

/** What the installers use. */
const APPLETS = "sh basename cat cp cut dd ls mkdir mv printf readlink rm sed sha256sum sync".split(
  " ",
);

/** A GRUB that finds /boot as the first partition, with all modules that it may need built in. */
async function grubImage(work: string, format: string, to: string): Promise<void> {
  const early = join(work, `${format}.cfg`);
  const configuration = [
    "set root=hd0,msdos1",
    "set prefix=($root)/grub",
    "configfile $prefix/grub.cfg",
  ];
  writeFileSync(early, `${configuration.join("\n")}\n`);
  const modules = ["part_msdos", "fat", "normal", "linux", "loadenv", "test", "configfile", "echo"];
  const firmware = format === "i386-pc" ? ["biosdisk"] : [];
  const argv = ["grub-mkimage", "-O", format, "-c", early, "-p", "/grub", "-o", to];
  await ok([...argv, ...modules, ...firmware]);
}

/** Partition table and, for BIOS, GRUB's first two stages in front of the partitions. */
async function assemble(work: string, loader: Loader, path: string): Promise<void> {
  const data = join(work, "data.img");
  mkdirSync(join(work, "data"));
  for (const folder of ["nix", "var"]) {
    renameSync(join(work, "root", folder), join(work, "data", folder));
  }
  const size = `${DATA.size}M`;
  await ok(["mke2fs", "-q", "-t", "ext4", "-d", join(work, "data"), data, size]);
  writeFileSync(path, "");
  truncateSync(path, (DATA.at + DATA.size) * MIB);
  const table = [
    `start=${BOOT.at}MiB,size=${BOOT.size}MiB,type=ef,bootable`,
    `start=${DATA.at}MiB,type=83`,
  ];
  await ok(["sfdisk", "--quiet", "--label", "dos", path], { stdin: table.join("\n") });
  await put(join(work, "boot.img"), path, BOOT.at * MIB);
  await put(data, path, DATA.at * MIB);
  if (loader.program.kind !== "grub" || loader.program.firmware !== "bios") return;
  // boot.img looks for the core image in the sector after it, unless it is told otherwise.
  writeAt(path, readFileSync("/usr/lib/grub/i386-pc/boot.img").subarray(0, 440), 0);
  writeAt(path, readFileSync(join(work, "core.img")), 512);
}

async function put(part: string, onto: string, at: number): Promise<void> {
  await ok(["dd", `if=${part}`, `of=${onto}`, "bs=1M", "conv=notrunc,sparse", `seek=${at / MIB}`]);
}

function writeAt(path: string, bytes: Buffer, at: number): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}
