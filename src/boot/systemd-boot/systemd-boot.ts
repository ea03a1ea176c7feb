import { existsSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../../host/files/durable.ts";
import type { Host } from "../../host/process/host.ts";
import type { Paths } from "../../host/files/paths.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { readLoaderVariable, variablesObstacle } from "../efi-variables.ts";
import { type Loader, toplevelsOf } from "../loader.ts";
import { startedElsewhere } from "../started-from.ts";
import { countingObstacle } from "./boot-counting.ts";
import { printEspPath, setOneShotEntry } from "./commands.ts";
import { type DefaultEntry, defaultEntry, type Wishes } from "./default-entry.ts";
import { BOOTCTL_MS, type Entry, readEntries, valueOf } from "./entries.ts";
import { heldEntry, holdEntry, releaseEntry } from "./held-default.ts";

/** The present state of systemd-boot: systemd-boot(7), loader.conf(5). */
export async function systemdBoot(host: Host): Promise<Loader> {
  const { paths } = host;
  const [entries, esp] = await Promise.all([readEntries(host), findEsp(host)]);
  const elsewhere = esp === null ? null : startedElsewhere(paths, esp);
  const wishes = wishesOf(paths, esp);
  const held = esp === null ? null : heldEntry(host, esp);
  const installed = { ...wishes, variables: { ...wishes.variables, default: null } };
  const oneShot = readLoaderVariable(paths, "LoaderEntryOneShot");
  const entryOf = (toplevel: string): Entry | undefined =>
    entries.list.find((one) => one.toplevel === toplevel);
  const now = defaultEntry(entries, wishes);
  const shadow = shadowOf(wishes, held);
  return {
    name: "systemd-boot",
    source: join(esp ?? "/boot", "loader"),
    menu: toplevelsOf(entries.list),
    // The loader that has started this host reads another menu.
    bootDefault: elsewhere === null ? toplevelIn(now) : null,
    installedDefault: toplevelIn(held === null ? now : defaultEntry(entries, installed)),
    isHeld: held !== null,
    oneShot: entries.list.find((one) => isNamed(one, oneShot))?.toplevel ?? null,
    shadow,
    obstacle: shadow ?? elsewhere ?? obstacle(paths, entries.list),
    waits: waits(paths, esp),
    problemOf: (toplevel) => problemOf(entryOf(toplevel), toplevel),
    setOneShot: async (toplevel) => {
      const entry = entryOf(toplevel);
      return entry === undefined
        ? `it has no menu entry for ${toplevel}`
        : await putOneShot(host, entry.id);
    },
    clearOneShot: async () => (oneShot === null ? null : await putOneShot(host, "")),
    holdDefault: async (toplevel) => {
      const entry = entryOf(toplevel);
      if (entry === undefined) return `it has no menu entry for ${toplevel}`;
      return esp === null
        ? "its EFI system partition is not found"
        : await holdEntry(host, esp, entry.id);
    },
    releaseDefault: async () => (esp === null ? null : await releaseEntry(host, esp)),
  };
}

function toplevelIn(found: DefaultEntry): string | null {
  return found.kind === "entry" ? found.entry.toplevel : null;
}

/** Old versions of NixOS leave `.conf` out. */
function isNamed({ id }: Entry, name: string | null): boolean {
  return id === name || id === `${name}.conf`;
}

/**
 * systemd-boot reads loader.conf of the EFI system partition only. If bootctl does not find that
 * partition, the only folder with a loader.conf counts.
 */
async function findEsp(host: Host): Promise<string | null> {
  const ended = await host.spawn(printEspPath(), { timeoutMs: BOOTCTL_MS });
  const path = ended.exitCode === 0 ? ended.stdout.trim() : "";
  if (path !== "") return path;
  const folders = host.paths.bootFolders.filter((folder) =>
    existsSync(join(folder, CONFIGURATION)),
  );
  return folders.length === 1 ? (folders[0] ?? null) : null;
}

const CONFIGURATION = "loader/loader.conf";

function wishesOf(paths: Paths, esp: string | null): Wishes {
  const text = esp === null ? null : readIfThere(join(esp, CONFIGURATION));
  const inFile = (key: string): string | null => (text === null ? null : valueOf(text, key));
  return {
    variables: {
      preferred: readLoaderVariable(paths, "LoaderEntryPreferred"),
      default: readLoaderVariable(paths, "LoaderEntryDefault"),
    },
    file: { preferred: inFile("preferred"), default: inFile("default") },
  };
}

const ENDLESS = "menu-force";

/** The variable hides what is in the file: systemd-boot(7). */
function waits(paths: Paths, esp: string | null): string | null {
  const variable = readLoaderVariable(paths, "LoaderConfigTimeout");
  const text = esp === null ? null : readIfThere(join(esp, CONFIGURATION));
  const inFile = text === null ? null : valueOf(text, "timeout");
  if ((variable ?? inFile) !== ENDLESS) return null;
  const how =
    variable === null
      ? "set boot.loader.timeout"
      : `remove the EFI variable LoaderConfigTimeout: bootctl set-timeout ""`;
  return `its menu has no time limit, so each boot waits until somebody chooses: ${how}`;
}

/** A variable that somebody else has set. */
function shadowOf({ variables }: Wishes, held: string | null): string | null {
  if (variables.preferred !== null) {
    return shadowed("LoaderEntryPreferred", variables.preferred, "set-preferred");
  }
  if (variables.default !== null && variables.default !== held) {
    return shadowed("LoaderEntryDefault", variables.default, "set-default");
  }
  return null;
}

function obstacle(paths: Paths, entries: readonly Entry[]): string | null {
  const loader = readLoaderVariable(paths, "LoaderInfo");
  return countingObstacle(entries, loader) ?? variablesObstacle(paths);
}

function shadowed(variable: string, value: string, verb: string): string {
  return `the EFI variable ${variable} (${value}) overrides the boot default; remove it: bootctl ${verb} ""`;
}

/** Why an entry would not boot its system. */
function problemOf(entry: Entry | undefined, toplevel: string): string | null {
  if (entry === undefined) return null;
  const { id, files, parameters } = entry;
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) return `its entry ${id} names ${missing}, which does not exist`;
  const wanted = wordsOf(readIfThere(join(toplevel, "kernel-params")) ?? "");
  const given = new Set(wordsOf(parameters));
  const lost = wanted.find((word) => !given.has(word));
  return lost === undefined ? null : `its entry ${id} was edited: it has no ${lost}`;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Sets the entry to boot once, or clears it with an empty text, and reads it back. */
async function putOneShot(host: Host, id: string): Promise<string | null> {
  const ended = await host.spawn(setOneShotEntry(id));
  if (ended.exitCode !== 0) return describeEnd(ended);
  const found = readLoaderVariable(host.paths, "LoaderEntryOneShot") ?? "";
  return found === id ? null : `the EFI variable LoaderEntryOneShot is ${found || "not set"}`;
}
