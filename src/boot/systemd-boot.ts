import { join } from "node:path";
import { listFolder, readIfThere } from "../host/files/durable.ts";
import type { Host } from "../host/process/host.ts";
import type { Paths } from "../host/files/paths.ts";
import { describeEnd } from "../host/process/spawn.ts";
import { setOneShotEntry } from "./bootctl-commands.ts";
import { readLoaderVariable, variablesObstacle } from "./efi-variables.ts";
import { type MenuEntry, type Loader, toplevelOf, toplevelsOf } from "./loader.ts";

/** True if systemd-boot booted this kernel. */
export function isSystemdBoot(paths: Paths): boolean {
  return readLoaderVariable(paths, "LoaderInfo")?.startsWith("systemd-boot ") ?? false;
}

/** The present state of systemd-boot: systemd-boot(7), loader.conf(5). */
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
      if (entry === undefined) return `it has no menu entry for ${toplevel}`;
      return await put(host, entry.id);
    },
    clearOneShot: async () => (oneShot === null ? null : await put(host, "")),
  };
}

function obstacle(paths: Paths, entries: readonly MenuEntry[]): string | null {
  const shadow = readLoaderVariable(paths, "LoaderEntryDefault");
  if (shadow !== null) {
    return (
      `the EFI variable LoaderEntryDefault (${shadow}) overrides the boot default; ` +
      `remove it: bootctl set-default ""`
    );
  }
  const counted = entries.find(({ id }) => /\+\d+(-\d+)?\.conf$/.test(id));
  if (counted !== undefined) return `boot counting is in use (${counted.id})`;
  if (defaultInFile(paths) === null) return "loader.conf has no default";
  return variablesObstacle(paths);
}

/** Sets the entry to boot once, or clears it with an empty text, and reads it back. */
async function put(host: Host, id: string): Promise<string | null> {
  const ended = await host.spawn(setOneShotEntry(id));
  if (ended.exitCode !== 0) return describeEnd(ended);
  const found = readLoaderVariable(host.paths, "LoaderEntryOneShot") ?? "";
  return found === id ? null : `the EFI variable LoaderEntryOneShot is ${found || "not set"}`;
}

/** The entries of the ESP and of the extended boot partition. */
function readEntries({ bootFolders }: Paths): MenuEntry[] {
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

/** The value of a key, the last one if there are several; `options` are joined. */
export function valueOf(text: string, key: string): string | null {
  const lines = text.split("\n").map((line) => /^(\S+)\s+([^]*)$/.exec(line.trim()));
  const values = lines.flatMap((line) => (line?.[1] === key ? [line[2] ?? ""] : []));
  if (values.length === 0) return null;
  return key === "options" ? values.join(" ") : (values.at(-1) ?? null);
}

/** Names end in `.conf` or not; a pattern is not a reliable name of an entry. */
function find(entries: readonly MenuEntry[], id: string | null): MenuEntry | undefined {
  return entries.find((entry) => entry.id === id || entry.id === `${id}.conf`);
}
