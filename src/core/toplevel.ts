/**
 * What stands under one name of a toplevel.
 *
 * Links are compared by the path that they resolve to, regular files by
 * content: two builds of the same kernel are one store path, while small files
 * such as `init-interface-version` are written anew into every toplevel.
 */
export type Component =
  | { readonly kind: "missing" }
  | { readonly kind: "dangling"; readonly link: string }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly sha256: string };

/** A switch inhibitors file: an object of strings, no file at all, or one that cannot be understood. */
export type Inhibitors =
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "present"; readonly values: Readonly<Record<string, string>> };

/** What the decision needs to know about one toplevel. */
export interface SystemView {
  /** The real toplevel in the store, every link resolved; null where nothing resolves. */
  readonly toplevel: string | null;
  readonly components: Readonly<Record<string, Component>>;
  /** Content of `init-interface-version`, null where there is none. */
  readonly initInterfaceVersion: string | null;
  readonly inhibitors: Inhibitors;
}

/** What a system has under a name that it was read for. */
export function componentOf({ components }: SystemView, name: string): Component {
  return components[name] ?? { kind: "missing" };
}

/** True where both names stand for the same thing, see {@link Component}. */
export function sameComponent(a: Component, b: Component): boolean {
  switch (a.kind) {
    case "missing":
    case "dangling":
      return a.kind === b.kind;
    case "path":
      return b.kind === "path" && a.path === b.path;
    case "file":
      return b.kind === "file" && a.sha256 === b.sha256;
  }
}

/** The path of a component that is there, for people to read. */
export function componentPath(component: Component | undefined): string | null {
  return component?.kind === "path" || component?.kind === "file" ? component.path : null;
}
