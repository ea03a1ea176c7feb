import { type MenuEntry, toplevelOf } from "./loader.ts";

/** The parts of a grub.cfg that decide which system is booted. */
export interface GrubConfig {
  readonly entries: readonly MenuEntry[];
  /** The toplevel of the default entry; null if unknown. */
  readonly bootDefault: string | null;
  /** Whether its head boots `next_entry` and clears it first. */
  readonly nextEntry: "honoured" | "ignored";
  /** Whether its menu has no time limit, without a next entry. */
  readonly menu: "timed" | "endless";
}

/** An entry or a submenu. */
interface Item {
  /** The path to it from the top of the menu, by titles; null if it is too long or too deep for a name. */
  readonly titles: string | null;
  /** The same by indices. */
  readonly indices: string | null;
  readonly depth: number;
  /** Whether every title of its path is plain. */
  readonly isPlain: boolean;
  toplevel: string | null;
  items: number;
}

/** Reads a grub.cfg as NixOS writes it, including the user's own parts. */
export function parseGrubConfig(text: string): GrubConfig {
  const lines = linesOf(text);
  const items = itemsOf(lines);
  const defaults = lines.flatMap((line) => /^set default="?([^"]*?)"?$/.exec(line)?.[1] ?? []);
  const name = defaults.findLast((value) => value !== "${next_entry}") ?? "0";
  // The one of the next entry comes before that of the default.
  const timeouts = lines.flatMap((line) => /^set timeout="?(-?\d+)"?$/.exec(line)?.[1] ?? []);
  const isHonoured =
    defaults.includes("${next_entry}") &&
    lines.includes("set next_entry=") &&
    lines.some((line) => /^save_env( \S+)* next_entry\b/.test(line));
  return {
    entries: entriesOf(items),
    bootDefault: items.find((item) => isNamed(item, name))?.toplevel ?? null,
    nextEntry: isHonoured ? "honoured" : "ignored",
    menu: timeouts.at(-1)?.startsWith("-") === true ? "endless" : "timed",
  };
}

/** The toplevel of a saved entry, for example `next_entry`. */
export function entryNamed(text: string, name: string): string | null {
  return itemsOf(linesOf(text)).find((item) => isNamed(item, name))?.toplevel ?? null;
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim());
}

/** Every entry of the menu and its submenus; any other block is skipped with its content. */
function itemsOf(lines: readonly string[]): Item[] {
  const items: Item[] = [];
  const top: Item = { ...TOP };
  const open: (Item | null)[] = [];
  for (const line of lines) {
    if (line === "}") open.pop();
    else if (line.endsWith("{")) {
      const parent = open.length === 0 ? top : open.at(-1);
      const title = /^(?:menuentry|submenu) +(?:"([^"]*)"|'([^']*)')/.exec(line);
      const item = title === null || !parent ? null : itemOf(parent, title[1] ?? title[2] ?? "");
      open.push(item);
      if (item !== null) items.push(item);
    } else {
      const here = open.at(-1);
      if (here && /^(linux|linux16|linuxefi|module|module2)\s/.test(line)) {
        here.toplevel ??= toplevelOf(line);
      }
    }
  }
  return items;
}

const TOP = { titles: "", indices: "", depth: 0, isPlain: true, toplevel: null, items: 0 } as const;

/** Names that nobody would write; a menu of them must not need more memory than its text. */
const MOST_DEPTH = 5;
const MOST_TITLE = 200;

/** Counts the item in its parent. */
function itemOf(parent: Item, title: string): Item {
  const depth = parent.depth + 1;
  const isShort = depth <= MOST_DEPTH && title.length <= MOST_TITLE;
  const index = String(parent.items++);
  return {
    titles: isShort ? below(parent, parent.titles, title) : null,
    indices: depth <= MOST_DEPTH ? below(parent, parent.indices, index) : null,
    depth,
    isPlain: parent.isPlain && /^[\w .,:;()+~'-]+$/.test(title) && !/^\d+$/.test(title),
    toplevel: null,
    items: 0,
  };
}

function below({ depth }: Item, path: string | null, name: string): string | null {
  if (path === null) return null;
  return depth === 0 ? name : `${path}>${name}`;
}

/** By titles, because they stay the same when the menu grows; by indices if the titles are not plain or unique. */
function entriesOf(items: readonly Item[]): MenuEntry[] {
  const counts = new Map<string, number>();
  for (const { titles } of items) {
    if (titles !== null) counts.set(titles, (counts.get(titles) ?? 0) + 1);
  }
  return items.flatMap(({ titles, indices, isPlain, toplevel }) => {
    const isNameable = titles !== null && isPlain && counts.get(titles) === 1;
    const id = isNameable ? titles : indices;
    return id === null ? [] : [{ id, toplevel }];
  });
}

function isNamed({ titles, indices }: Item, name: string): boolean {
  return name === indices || name === titles;
}
