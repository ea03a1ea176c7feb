import type { Disk } from "../kernel/disk.ts";
import { write } from "./systems.ts";

const LOADER = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
const VARIABLES = "/sys/firmware/efi/efivars";
const ONE_SHOT = `${VARIABLES}/LoaderEntryOneShot-${LOADER}`;
const LOADER_CONF = "/boot/loader/loader.conf";
/** The default of a loader that the program does not know. */
const OTHER_DEFAULT = "/boot/default";

/** `unknown`: one that the program cannot read. */
export type LoaderKind = "systemd-boot" | "unknown";

export function addLoader(disk: Disk, kind: LoaderKind): void {
  if (kind === "unknown") return;
  write(disk, `${VARIABLES}/LoaderInfo-${LOADER}`, variable("systemd-boot 257"));
}

/** Four bytes of attributes, then UTF-16, one byte a character here. */
function variable(text: string): string {
  return `\0\0\0\0${text.replaceAll(/./g, "$&\0")}`;
}

function textOf(value: string): string {
  return value.slice(4).replaceAll("\0", "");
}

/** What the installer writes, in its order. */
export function* installLoader(
  disk: Disk,
  kind: LoaderKind,
  toplevel: string,
  generations: ReadonlyMap<number, string>,
): Generator<"step", void, void> {
  if (kind === "unknown") {
    replace(disk, OTHER_DEFAULT, toplevel);
    return;
  }
  let entry = "";
  for (const [number, system] of generations) {
    const name = `nixos-generation-${number}.conf`;
    if (system === toplevel) entry = name;
    const path = `/boot/loader/entries/${name}`;
    if (disk.has(path)) continue;
    write(disk, path, `title NixOS\noptions init=${system}/init\n`);
    yield "step";
  }
  if (entry !== "") replace(disk, LOADER_CONF, `default ${entry}\n`);
}

function replace(disk: Disk, path: string, text: string): void {
  write(disk, `${path}.tmp`, text);
  disk.sync(disk.node(`${path}.tmp`));
  disk.rename(`${path}.tmp`, path);
  disk.sync(disk.folder(path.slice(0, path.lastIndexOf("/"))));
}

function toplevelOfEntry(disk: Disk, entry: string): string | null {
  const path = `/boot/loader/entries/${entry}`;
  if (!disk.has(path)) return null;
  return /init=(\S+)\/init/.exec(disk.file(path).text)?.[1] ?? null;
}

export function bootDefaultOn(disk: Disk): string | null {
  if (disk.has(OTHER_DEFAULT)) return disk.file(OTHER_DEFAULT).text || null;
  if (!disk.has(LOADER_CONF)) return null;
  const entry = /^default (\S+)$/m.exec(disk.file(LOADER_CONF).text)?.[1];
  return entry === undefined ? null : toplevelOfEntry(disk, entry);
}

export function setOneShot(disk: Disk, entry: string): void {
  if (entry === "") {
    if (disk.has(ONE_SHOT)) disk.remove(ONE_SHOT);
  } else write(disk, ONE_SHOT, variable(entry));
  disk.syncAll();
}

export function oneShotOn(disk: Disk): string | null {
  if (!disk.has(ONE_SHOT)) return null;
  return toplevelOfEntry(disk, textOf(disk.file(ONE_SHOT).text));
}

/** The loader takes what is to be booted, and forgets what is to be booted once. */
export function takeNext(disk: Disk): string | null {
  const once = oneShotOn(disk);
  setOneShot(disk, "");
  return once ?? bootDefaultOn(disk);
}
