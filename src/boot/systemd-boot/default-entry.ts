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
  const parts = pattern.toLowerCase().match(/\[[^\]]+\]|[^]/g) ?? [];
  const name = id.toLowerCase();
  return fits(name, parts) || fits(name.replace(/\.conf$/, ""), parts);
}

/**
 * `*`, `?` and `[…]`: loader.conf(5). If the rest does not fit, the last `*` takes one character more;
 * an earlier one never has to.
 */
function fits(name: string, parts: readonly string[]): boolean {
  let [at, part] = [0, 0];
  let star: { readonly part: number; at: number } | null = null;
  while (at < name.length) {
    const wanted = parts[part];
    if (wanted === "*") {
      star = { part, at };
      part++;
    } else if (wanted !== undefined && isOneOf(name.charAt(at), wanted)) {
      at++;
      part++;
    } else if (star !== null) {
      star.at++;
      [at, part] = [star.at, star.part + 1];
    } else return false;
  }
  return parts.slice(part).every((left) => left === "*");
}

/** Whether a part that stands for one character stands for this one. */
function isOneOf(character: string, part: string): boolean {
  if (part === "?" || part === character) return true;
  const inside = part.length > 2 ? part.slice(1, -1) : "";
  for (let index = 0; index < inside.length; index++) {
    const first = inside.charAt(index);
    const isRange = inside.charAt(index + 1) === "-" && index + 2 < inside.length;
    const last = isRange ? inside.charAt(index + 2) : first;
    if (first <= character && character <= last) return true;
    if (isRange) index += 2;
  }
  return false;
}
