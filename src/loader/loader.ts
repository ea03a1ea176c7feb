/** Which system a boot loader boots, and how it is made to boot another one just once. */
export interface Loader {
  readonly name: "systemd-boot" | "GRUB";
  /** The toplevels in its menu, each once. */
  readonly menu: readonly string[];
  /** The toplevel that it boots unless it is told otherwise; null where that cannot be told. */
  readonly bootDefault: string | null;
  /** The toplevel that it boots next and only once; null where nothing is pending, or nothing of the menu. */
  readonly oneShot: string | null;
  /** Why it cannot be trusted to boot a system just once; null where it can. */
  readonly obstacle: string | null;
  /** Has it boot a system of its menu once; resolves to null, or to why not. */
  readonly setOneShot: (toplevel: string) => Promise<string | null>;
  /** Has it forget what it was to boot once; resolves to null, or to why it still does. */
  readonly clearOneShot: () => Promise<string | null>;
}

/** The loader of this host, as it is now: it is read anew for every question. */
export type FoundLoader =
  | { readonly kind: "found"; readonly loader: Loader }
  | { readonly kind: "unknown"; readonly why: string };

/** An entry of a loader's menu. */
export interface Entry {
  /** What the loader knows it by. */
  readonly id: string;
  /** The toplevel whose `init` it starts; null for what is no NixOS. */
  readonly toplevel: string | null;
}

/**
 * The toplevel that a kernel's parameters start. Told by `init=`, never by the name of an entry:
 * those differ between versions of NixOS (notes/boot-loaders.md).
 */
export function toplevelOf(parameters: string): string | null {
  return /(?:^|\s)init=(\/\S+)\/init(?:\s|$)/.exec(parameters)?.[1] ?? null;
}

/** Each toplevel of a menu once. */
export function toplevelsOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.flatMap(({ toplevel }) => (toplevel === null ? [] : [toplevel])))];
}
