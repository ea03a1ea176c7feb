import { join } from "node:path";
import { listFolder, readIfThere } from "../host/durable.ts";
import type { Host } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import { describeEnd } from "../host/spawn.ts";
import { setOneShotEntry } from "../host/systemd-commands.ts";
import { readLoaderVariable, variablesObstacle } from "./efi-variables.ts";
import { type Entry, type Loader, toplevelOf, toplevelsOf } from "./loader.ts";

/** True where systemd-boot has started this kernel. */
export function isSystemdBoot(paths: Paths): boolean {
  return readLoaderVariable(paths, "LoaderInfo")?.startsWith("systemd-boot ") ?? false;
}

/** systemd-boot as it stands; see systemd-boot(7) and loader.conf(5). */
export function systemdBoot(host: Host): Loader {
  const { paths } = host;
  const entries = readEntries(paths);
  const named = (id: string | null): string | null => find(entries, id)?.toplevel ?? null;
  const oneShot = readLoaderVariable(paths, "LoaderEntryOneShot");
  return {
    name: "systemd-boot",
    menu: toplevelsOf(entries),
    bootDefault: named(readLoaderVariable(paths, "LoaderEntryDefault") ?? defaultInFile(paths)),
    oneShot: named(oneShot),
    obstacle: obstacle(paths, entries),
    setOneShot: async (toplevel) => {
      const entry = entries.find((one) => one.toplevel === toplevel);
      if (entry === undefined) return `its menu has no entry for ${toplevel}`;
      return await put(host, entry.id);
    },
    clearOneShot: async () => (oneShot === null ? null : await put(host, "")),
  };
}

function obstacle(paths: Paths, entries: readonly Entry[]): string | null {
  const shadow = readLoaderVariable(paths, "LoaderEntryDefault");
  if (shadow !== null) {
    return (
      `the EFI variable LoaderEntryDefault (${shadow}) shadows the boot default; ` +
      `remove it: bootctl set-default ""`
    );
  }
  const counted = entries.find(({ id }) => /\+\d+(-\d+)?\.conf$/.test(id));
  if (counted !== undefined) return `boot counting is in use (${counted.id})`;
  if (defaultInFile(paths) === null) return "loader.conf names no default";
  return variablesObstacle(paths);
}

/** Sets what is booted once, or with an empty text forgets it, and looks whether that has worked. */
async function put(host: Host, id: string): Promise<string | null> {
  const ended = await host.spawn(setOneShotEntry(id));
  if (ended.exitCode !== 0) return describeEnd(ended);
  const found = readLoaderVariable(host.paths, "LoaderEntryOneShot") ?? "";
  return found === id ? null : `the EFI variable LoaderEntryOneShot is ${found || "not there"}`;
}

/** The entries of every file system that may hold some: the ESP and the extended boot partition. */
function readEntries({ bootFolders }: Paths): Entry[] {
  return bootFolders.flatMap((folder) => {
    const entries = join(folder, "loader/entries");
    const files = listFolder(entries).filter((name) => name.endsWith(".conf"));
    return files.flatMap((id) => {
      const text = readIfThere(join(entries, id));
      return text === null ? [] : [{ id, toplevel: toplevelOf(valueOf(text, "options") ?? "") }];
    });
  });
}

function defaultInFile({ bootFolders }: Paths): string | null {
  for (const folder of bootFolders) {
    const text = readIfThere(join(folder, "loader/loader.conf"));
    if (text !== null) return valueOf(text, "default");
  }
  return null;
}

/** The value of a key, the last one where it is there more than once; `options` add up. */
function valueOf(text: string, key: string): string | null {
  const lines = text.split("\n").map((line) => /^\s*(\S+)\s+(.*?)\s*$/.exec(line));
  const values = lines.flatMap((line) => (line?.[1] === key ? [line[2] ?? ""] : []));
  if (values.length === 0) return null;
  return key === "options" ? values.join(" ") : (values.at(-1) ?? null);
}

/** Names end in `.conf` or not; a pattern names no entry that could be relied on. */
function find(entries: readonly Entry[], id: string | null): Entry | undefined {
  return entries.find((entry) => entry.id === id || entry.id === `${id}.conf`);
}
