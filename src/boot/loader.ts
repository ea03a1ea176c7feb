/** Which system a boot loader boots, and how to make it boot another one once. */
export interface Loader {
  readonly name: "systemd-boot" | "GRUB";
  /** Where its menu is, for people. */
  readonly source: string;
  /** The toplevels in its menu, each once. */
  readonly menu: readonly string[];
  /** The toplevel that it boots by default; null if unknown. */
  readonly bootDefault: string | null;
  /** The same, without the default that `holdDefault` has set. */
  readonly installedDefault: string | null;
  /** Whether `holdDefault` has set the default. */
  readonly isHeld: boolean;
  /** The toplevel that it boots next and only once; null if none is pending, or none of the menu. */
  readonly oneShot: string | null;
  /** What hides the default that installers write, and how to remove it; null if nothing does. */
  readonly shadow: string | null;
  /** Why it cannot reliably boot a system once, whatever an installer writes; null if it can. */
  readonly obstacle: string | null;
  /** Why it boots its default only once somebody has chosen it in the menu; null if it does so by itself. */
  readonly waits: string | null;
  /** Why its menu entry would not boot a system; null if nothing is known. */
  readonly problemOf: (toplevel: string) => string | null;
  /** Makes it boot a system of its menu once; resolves to null, or to the problem. */
  readonly setOneShot: (toplevel: string) => Promise<string | null>;
  /** Removes the pending one-shot boot; resolves to null, or to the problem. */
  readonly clearOneShot: () => Promise<string | null>;
  /**
   * Makes a system of its menu the default until `releaseDefault`, whatever its installer makes of it;
   * resolves to null, or to the problem.
   */
  readonly holdDefault: (toplevel: string) => Promise<string | null>;
  readonly releaseDefault: () => Promise<string | null>;
}

/** The present state of this host's loader: it is read again for every call. */
export type FoundLoader =
  | { readonly kind: "found"; readonly loader: Loader }
  | { readonly kind: "unknown"; readonly why: string };

/** An entry of a loader's menu. */
export interface MenuEntry {
  /** The loader's name for it. */
  readonly id: string;
  /** The toplevel whose `init` it starts; null if it is not NixOS. */
  readonly toplevel: string | null;
}

/**
 * The toplevel that a kernel's parameters start. It comes from `init=`, never from the name of an
 * entry, because names differ between versions of NixOS (notes/boot-loaders.md).
 */
export function toplevelOf(parameters: string): string | null {
  return /(?:^|\s)init=(\/\S+)\/init(?:\s|$)/.exec(parameters)?.[1] ?? null;
}

/** Each toplevel of a menu once. */
export function toplevelsOf(entries: readonly MenuEntry[]): string[] {
  return [...new Set(entries.flatMap(({ toplevel }) => (toplevel === null ? [] : [toplevel])))];
}
