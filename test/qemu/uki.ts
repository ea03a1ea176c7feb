import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../test-host/spawn.ts";
import { type Label, TOPLEVELS } from "./toplevels.ts";
import { systemdBootFile } from "./loaders.ts";

/** The installer writes the generation over these digits (guest/bin/install-uki). */
const GENERATION = "Generation 0000";

const ALIGNMENT = 4096;

/**
 * A unified kernel image of a toplevel, as lanzaboote's stub is one: kernel, initrd, parameters and a
 * version in sections of systemd's stub. `uki.offset` tells where the generation is in the file.
 */
export async function makeUki(data: string, label: Label): Promise<void> {
  const toplevel = join(data, TOPLEVELS[label]);
  const uki = join(data, "nix/store", `uki-${label}.efi`);
  const osrel = join(toplevel, "osrel");
  writeFileSync(osrel, `ID=lanza\nPRETTY_NAME=NixOS\nVERSION_ID="${GENERATION}"\n`);
  const parameters = readFileSync(join(toplevel, "kernel-params"), "utf8");
  const cmdline = join(toplevel, "cmdline");
  writeFileSync(cmdline, `init=${TOPLEVELS[label]}/init ${parameters}`);
  const sections = {
    ".osrel": osrel,
    ".cmdline": cmdline,
    ".linux": join(data, "nix/store/linux-6.1"),
    ".initrd": join(data, `nix/store/initrd-${label}`),
  };
  const stub = systemdBootFile("262", "linuxx64.efi.stub");
  let at = await endOf(stub);
  const argv: string[] = [];
  for (const [name, file] of Object.entries(sections)) {
    const address = `0x${at.toString(16)}`;
    argv.push("--add-section", `${name}=${file}`, "--change-section-vma", `${name}=${address}`);
    at = aligned(at + readFileSync(file).length);
  }
  await ok(["objcopy", ...argv, stub, uki]);
  writeFileSync(`${uki}.offset`, String(readFileSync(uki).indexOf(GENERATION)));
  for (const file of [osrel, cmdline]) rmSync(file);
}

/** The first free address behind all sections of an image. */
async function endOf(image: string): Promise<number> {
  const listed = await ok(["objdump", "--section-headers", image]);
  const sections = listed.matchAll(/^\s+\d+\s+\.\S+\s+([0-9a-f]+)\s+([0-9a-f]+)/gm);
  const ends = [...sections].map(
    ([, size = "", address = ""]) => parseInt(size, 16) + parseInt(address, 16),
  );
  return aligned(Math.max(...ends));
}

function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT;
}
