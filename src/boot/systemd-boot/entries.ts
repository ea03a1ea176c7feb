import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import { listFolder, readIfThere } from "../../host/files/durable.ts";
import type { Paths } from "../../host/files/paths.ts";
import type { Host } from "../../host/process/host.ts";
import { type MenuEntry, toplevelOf } from "../loader.ts";
import { listEntries } from "./commands.ts";

/** An entry of systemd-boot: a file below loader/entries, or a unified kernel image. */
export interface Entry extends MenuEntry {
  /** Null if its boots are not counted. */
  readonly triesLeft: number | null;
  /** Kernel parameters. */
  readonly parameters: string;
  /** The files that it loads; empty if unknown. */
  readonly files: readonly string[];
}

export interface Entries {
  readonly list: readonly Entry[];
  /** `menu`: the first one boots if no default is named. */
  readonly order: "menu" | "unknown";
}

/** bootctl reads a few small files. */
export const BOOTCTL_MS = 60_000;

/** Every entry: by bootctl, or, if it does not find the partitions, from the files of type 1. */
export async function readEntries(host: Host): Promise<Entries> {
  const ended = await host.spawn(listEntries(), { timeoutMs: BOOTCTL_MS });
  const list = ended.exitCode === 0 ? parseEntries(ended.stdout) : [];
  return list.length > 0
    ? { list, order: "menu" }
    : { list: entryFiles(host.paths), order: "unknown" };
}

const text = v.optional(v.nullable(v.string()));
const listed = v.object({
  id: v.string(),
  root: text,
  linux: text,
  initrd: v.optional(v.nullable(v.array(v.string()))),
  options: text,
  triesLeft: v.optional(v.nullable(v.number())),
});

/** What `bootctl list` prints: an array; before systemd 253 an object a line (notes/boot-loaders.md). */
export function parseEntries(output: string): Entry[] {
  const lines = output.trimStart().startsWith("[")
    ? (jsonAs(v.array(v.unknown()), output) ?? []).map((one) => JSON.stringify(one))
    : output.split("\n");
  return lines.flatMap((line) => {
    const one = jsonAs(listed, line);
    // Firmware, shells and other loaders, which systemd-boot finds by itself.
    if (one === null || one.id.startsWith("auto-")) return [];
    const { id, root, linux, initrd, options, triesLeft } = one;
    const named = [linux ?? "", ...(initrd ?? [])].filter((path) => path !== "");
    const files = (root ?? "") === "" ? [] : named.map((path) => join(root ?? "", path));
    const parameters = options ?? "";
    return [
      { id, toplevel: toplevelOf(parameters), triesLeft: triesLeft ?? null, parameters, files },
    ];
  });
}

/** The entries in files of the ESP and of the extended boot partition. */
function entryFiles({ bootFolders }: Paths): Entry[] {
  return bootFolders.flatMap((folder) => {
    const entries = join(folder, "loader/entries");
    const files = listFolder(entries).filter((name) => name.endsWith(".conf"));
    return files.flatMap((name) => {
      const content = readIfThere(join(entries, name));
      return content === null ? [] : [entryIn(folder, name, content)];
    });
  });
}

/** The id of an entry has no counter: `nixos+2-1.conf` is `nixos.conf`. */
function entryIn(folder: string, name: string, content: string): Entry {
  const parameters = valueOf(content, "options") ?? "";
  const [, stem = name, tries] = /^(.*)\+(\d+)(?:-\d+)?\.conf$/.exec(name) ?? [];
  return {
    id: tries === undefined ? name : `${stem}.conf`,
    toplevel: toplevelOf(parameters),
    triesLeft: tries === undefined ? null : Number(tries),
    parameters,
    files: ["linux", "initrd"].flatMap((key) =>
      valuesOf(content, key).map((path) => join(folder, path)),
    ),
  };
}

/** The value of a key, the last one if there are several; `options` are joined. */
export function valueOf(content: string, key: string): string | null {
  const values = valuesOf(content, key);
  if (values.length === 0) return null;
  return key === "options" ? values.join(" ") : (values.at(-1) ?? null);
}

function valuesOf(content: string, key: string): string[] {
  const lines = content.split("\n").map((line) => /^(\S+)\s+([^]*)$/.exec(line.trim()));
  return lines.flatMap((line) => (line?.[1] === key ? [line[2] ?? ""] : []));
}
