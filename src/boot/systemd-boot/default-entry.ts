import type { Entries, Entry } from "./entries.ts";

/** Who names the default entry, from the strongest to the weakest: loader.conf(5), systemd-boot(7). */
export interface Wishes {
  readonly variables: { readonly preferred: string | null; readonly default: string | null };
  readonly file: { readonly preferred: string | null; readonly default: string | null };
}

/** `none`: it boots the first entry. `@saved` is what was booted last, so that no entry has to stay it. */
export type DefaultEntry =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "unknown"; readonly why: string };

/** The entry that systemd-boot boots if none is pending. Pure. */
export function defaultEntry(entries: Entries, { variables, file }: Wishes): DefaultEntry {
  const usable = entries.list.filter(({ triesLeft }) => triesLeft !== 0);
  const wishes = [
    { pattern: variables.preferred, among: usable },
    { pattern: variables.default, among: entries.list },
    { pattern: file.preferred, among: usable },
    { pattern: file.default, among: entries.list },
  ];
  for (const { pattern, among } of wishes) {
    if (pattern === null) continue;
    if (pattern.startsWith("@")) return { kind: "unknown", why: `its default is ${pattern}` };
    const [first, second] = among.filter(({ id }) => isNamed(id, pattern));
    if (first === undefined) continue;
    return second === undefined || entries.order === "menu" || first.id === pattern
      ? { kind: "entry", entry: first }
      : { kind: "unknown", why: `its default is the pattern ${pattern}` };
  }
  const [first] = [...usable, ...entries.list];
  return first === undefined || entries.order === "unknown"
    ? { kind: "unknown", why: "loader.conf names no default" }
    : { kind: "entry", entry: first };
}

/** Old versions of NixOS and systemd leave `.conf` out. */
function isNamed(id: string, pattern: string): boolean {
  const glob = globToExpression(pattern);
  return glob.test(id) || glob.test(id.replace(/\.conf$/, ""));
}

/** `*`, `?` and `[…]`, without regard to case: loader.conf(5). */
function globToExpression(pattern: string): RegExp {
  const parts = pattern.match(/\[[^\]]+\]|[^]/g) ?? [];
  const source = parts.map((part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    const inside = /^\[([^]+)\]$/.exec(part)?.[1];
    if (inside === undefined) return part.replaceAll(/[\\^$.|+()[\]{}*?]/g, String.raw`\$&`);
    return `[${inside.replaceAll(/[\\^[\]]/g, String.raw`\$&`)}]`;
  });
  return new RegExp(`^${source.join("")}$`, "i");
}
