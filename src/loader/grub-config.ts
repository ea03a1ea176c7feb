import { type Entry, toplevelOf } from "./loader.ts";

/** What of a grub.cfg tells which system is booted. */
export interface GrubConfig {
  readonly entries: readonly Entry[];
  /** The toplevel of the default entry; null where the default is not written down as such. */
  readonly bootDefault: string | null;
  /** Whether its head boots `next_entry` and forgets it before that. */
  readonly nextEntry: "honoured" | "ignored";
}

interface Item {
  readonly title: string;
  /** The titles, and the indices, that lead to it from the top of the menu. */
  readonly titles: readonly string[];
  readonly indices: readonly number[];
  toplevel: string | null;
  items: number;
}

/** Reads a grub.cfg as NixOS writes it, with whatever its user has put in between. */
export function parseGrubConfig(text: string): GrubConfig {
  const items = itemsOf(text);
  const entries = items.map((item) => ({ id: idOf(item, items), toplevel: item.toplevel }));
  const chosen = /^\s*set default="?([^"\n]*?)"?\s*$/gm;
  const defaults = [...text.matchAll(chosen)].map(([, value = ""]) => value);
  const name = defaults.findLast((value) => value !== "${next_entry}") ?? "0";
  const isHonoured =
    defaults.includes("${next_entry}") &&
    /^\s*set next_entry=\s*$/m.test(text) &&
    /^\s*save_env( \S+)* next_entry\b/m.test(text);
  return {
    entries,
    bootDefault: items.find((item) => isNamed(item, name))?.toplevel ?? null,
    nextEntry: isHonoured ? "honoured" : "ignored",
  };
}

/** The toplevel that a saved entry, `next_entry` for one, stands for. */
export function entryNamed(text: string, name: string): string | null {
  return itemsOf(text).find((item) => isNamed(item, name))?.toplevel ?? null;
}

/** Every entry of the menu and its submenus; a block that is neither is left out with all in it. */
function itemsOf(text: string): Item[] {
  const items: Item[] = [];
  const top = { titles: [], indices: [], items: 0 };
  const open: (Item | null)[] = [];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line === "}") open.pop();
    else if (line.endsWith("{")) {
      const parent = open.length === 0 ? top : open.at(-1);
      const title = /^(?:menuentry|submenu) +(?:"([^"]*)"|'([^']*)')/.exec(line);
      if (title === null || parent === null || parent === undefined) {
        open.push(null);
        continue;
      }
      const name = title[1] ?? title[2] ?? "";
      const [titles, indices] = [
        [...parent.titles, name],
        [...parent.indices, parent.items++],
      ];
      const item: Item = { title: name, titles, indices, toplevel: null, items: 0 };
      open.push(item);
      items.push(item);
    } else {
      const here = open.at(-1);
      if (here && /^(linux|linux16|linuxefi|module|module2)\s/.test(line)) {
        here.toplevel ??= toplevelOf(line);
      }
    }
  }
  return items;
}

/** By titles, which stay the same when the menu grows, unless those are not plain or not unique. */
function idOf({ titles, indices }: Item, items: readonly Item[]): string {
  const byTitle = titles.join(">");
  const isUnique = items.filter((item) => item.titles.join(">") === byTitle).length === 1;
  const isPlain = titles.every((title) => /^[\w .,:;()+~'-]+$/.test(title) && !/^\d+$/.test(title));
  return isUnique && isPlain ? byTitle : indices.join(">");
}

function isNamed({ titles, indices }: Item, name: string): boolean {
  return name === indices.join(">") || name === titles.join(">");
}
