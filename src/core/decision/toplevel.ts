/**
 * A file of a toplevel.
 *
 * Links are compared by their resolved path, regular files by content: two builds of the same kernel
 * have the same store path, but every toplevel has its own copy of small files such as
 * `init-interface-version`.
 */
export type Component =
  | { readonly kind: "missing" }
  | { readonly kind: "dangling"; readonly link: string }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly sha256: string };

/** A switch inhibitors file: an object of strings, missing, or not readable. */
export type Inhibitors =
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "present"; readonly values: Readonly<Record<string, string>> };

export interface SystemView {
  /** The resolved store path; null if the link resolves to nothing. */
  readonly toplevel: string | null;
  readonly components: Readonly<Record<string, Component>>;
  /** The content of `init-interface-version`, or null. */
  readonly initInterfaceVersion: string | null;
  readonly inhibitors: Inhibitors;
}

export function componentOf({ components }: SystemView, name: string): Component {
  return components[name] ?? { kind: "missing" };
}

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

/** The path of a component, or null if it is missing or dangling. */
export function componentPath(component: Component | undefined): string | null {
  return component?.kind === "path" || component?.kind === "file" ? component.path : null;
}
