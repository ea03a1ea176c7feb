import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { nodeBinary } from "../test-host/paths.ts";
import { ok } from "../test-host/spawn.ts";
import { cached } from "./cached.ts";
import { parts } from "./loaders.ts";

/** The parts that machines are put together from: a kernel, its modules, an initrd, and a file system of tools. */

const guest = join(import.meta.dirname, "guest");

/** In the order in which they can be loaded. The cloud kernel of Debian has no watchdog drivers. */
const MODULES = [
  "virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk",
  "crc16 mbcache jbd2 crc32c_generic ext4 fat vfat nls_cp437 nls_ascii efivarfs",
  "watchdog i6300esb",
].flatMap((line) => line.split(" "));

/** What the machines use of this one; all else that they have is busybox. */
const PROGRAMS = { node: nodeBinary(), flock: "/usr/bin/flock", env: "/usr/bin/env" };

/** A folder with `vmlinuz` and `modules/`. */
export async function kernel(): Promise<string> {
  const unpacked = join(parts, "kernel");
  const boot = join(unpacked, "boot");
  const image = readdirSync(boot).find((file) => file.startsWith("vmlinuz-")) ?? "vmlinuz";
  return await cached("kernel", [image, ...MODULES], async (folder) => {
    mkdirSync(join(folder, "modules"), { recursive: true });
    cpSync(join(boot, image), join(folder, "vmlinuz"));
    const files = await ok(["find", unpacked, "-name", "*.ko"]);
    for (const file of files.trim().split("\n")) {
      const order = MODULES.indexOf(basename(file, ".ko").replaceAll("-", "_"));
      const to = `${String(order).padStart(2, "0")}-${basename(file)}`;
      if (order >= 0) cpSync(file, join(folder, "modules", to));
    }
  });
}

/** What becomes of a machine that boots an initrd: it comes up, panics, or stands still. */
export type Fate = "good" | "panic" | "hang";

export async function initrd(fate: Fate): Promise<string> {
  const modules = join(await kernel(), "modules");
  const init = readFileSync(join(guest, "initrd-init"));
  return await cached(`initrd-${fate}`, [init, modules, fate], async (path) => {
    const root = mkdtempSync("/var/tmp/deploy-finalize-initrd-");
    for (const folder of ["bin", "proc", "sys", "dev", "mnt"]) mkdirSync(join(root, folder));
    cpSync("/bin/busybox", join(root, "bin/busybox"));
    cpSync(modules, join(root, "modules"), { recursive: true });
    cpSync(join(guest, "initrd-init"), join(root, "init"));
    await ok([
      "sh",
      "-c",
      `echo ${fate} >${root}/fate; cd ${root}; find . | cpio -o -H newc >${path}`,
    ]);
    rmSync(root, { recursive: true });
  });
}

/** A read-only ext4 image with Node, busybox and the stand-ins: the root of every machine. */
export async function tools(systemd: "252" | "262"): Promise<string> {
  const standIns = readdirSync(join(guest, "bin")).map((name) => join(guest, "bin", name));
  const unpacked = join(parts, `systemd-${systemd}`);
  const names = readFileSync(join(unpacked, ".complete"));
  const bootctl = readFileSync(join(unpacked, "usr/bin/bootctl"));
  const recipe = [...Object.values(PROGRAMS), names, bootctl, readFileSync(import.meta.filename)];
  const contents = standIns.map((file) => Buffer.concat([Buffer.from(file), readFileSync(file)]));
  return await cached(`tools-${systemd}`, [...recipe, ...contents], async (path) => {
    const root = mkdtempSync("/var/tmp/deploy-finalize-tools-");
    const folders = [
      "bin",
      "etc",
      "proc",
      "sys",
      "dev",
      "run",
      "tmp",
      "nix",
      "var",
      "boot",
      "data",
    ];
    for (const folder of folders) mkdirSync(join(root, folder));
    cpSync("/bin/busybox", join(root, "bin/busybox"));
    for (const applet of (await ok(["busybox", "--list"])).trim().split("\n")) {
      if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
    }
    for (const [name, file] of Object.entries(PROGRAMS))
      await install(file, join(root, "bin", name));
    await installSystemd(unpacked, root);
    for (const file of standIns) replace(file, join(root, "bin", basename(file)));
    await ok(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, path, "256M"]);
    rmSync(root, { recursive: true });
  });
}

/**
 * Programs of systemd with the linker and all libraries of their own Debian, which may be newer than
 * the machine's.
 */
async function installSystemd(unpacked: string, root: string): Promise<void> {
  const folder = join(root, "systemd");
  mkdirSync(folder);
  const library = ["-path", "*/lib*", "-xtype", "f", "-name", "*.so*"];
  const wanted = ["(", ...library, ")", "-o", "-path", "*/bin/bootctl", "-o", "-name", BLESS];
  const found = await ok(["find", unpacked, ...wanted]);
  for (const file of found.trim().split("\n")) copyFileSync(file, join(folder, basename(file)));
  for (const name of ["bootctl", BLESS]) {
    const argv = `/systemd/ld-linux-x86-64.so.2 --library-path /systemd /systemd/${name}`;
    const script = `#!/bin/sh\nexec ${argv} "$@"\n`;
    writeFileSync(join(root, `bin/${name}.real`), script, { mode: 0o755 });
  }
}

const BLESS = "systemd-bless-boot";

/** A program with the libraries that it is linked to, each where the linker looks for it. */
async function install(file: string, to: string): Promise<void> {
  replace(file, to);
  const root = dirname(dirname(to));
  for (const [, library = ""] of (await ok(["ldd", file])).matchAll(/(?:=> |^\s+)(\/\S+)/gm)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

function replace(file: string, to: string): void {
  rmSync(to, { force: true });
  copyFileSync(file, to);
}
