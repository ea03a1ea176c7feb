import { lstatSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, messageOf } from "../../core/refusal.ts";
import type { Component, Inhibitors, SystemView } from "../../core/decision/toplevel.ts";

/** The target of a path that should lead to a NixOS system. */
export type Found =
  | { readonly kind: "toplevel"; readonly toplevel: string }
  | { readonly kind: "absent" }
  | { readonly kind: "dangling"; readonly link: string }
  | { readonly kind: "not-nixos"; readonly path: string };

/**
 * Finds the real toplevel behind a profile, a generation or a system link.
 *
 * deploy-rs wraps the toplevel in a folder of links, so the toplevel is the folder above the `bin`
 * that really holds `switch-to-configuration`.
 */
export function findToplevel(path: string): Found {
  const real = resolve(path);
  if (real.kind === "missing") return { kind: "absent" };
  if (real.kind === "dangling") return { kind: "dangling", link: real.link };
  const program = resolve(join(path, "bin/switch-to-configuration"));
  if (program.kind !== "path") return { kind: "not-nixos", path: real.path };
  return { kind: "toplevel", toplevel: dirname(dirname(program.path)) };
}

/** The real toplevel behind a path, or null if there is none. */
export function toplevelAt(path: string): string | null {
  const found = findToplevel(path);
  if (found.kind === "toplevel") return found.toplevel;
  return found.kind === "not-nixos" ? found.path : null;
}

/**
 * Reads the parts of a system that the decision compares. A missing part shows as missing, never as an
 * error.
 *
 * @param known systems read just now for the same names: often it is one of them
 */
export async function viewSystem(
  path: string,
  names: readonly string[],
  known: readonly SystemView[] = [],
): Promise<SystemView> {
  const toplevel = toplevelAt(path);
  const seen = known.find((system) => system.toplevel === toplevel);
  if (seen !== undefined) return seen;
  if (toplevel === null) {
    return {
      toplevel,
      components: {},
      initInterfaceVersion: null,
      inhibitors: { kind: "absent" },
    };
  }
  const components: Record<string, Component> = {};
  for (const name of names) components[name] = await readComponent(join(toplevel, name));
  return {
    toplevel,
    components,
    initInterfaceVersion: readText(join(toplevel, "init-interface-version"))?.trim() ?? null,
    inhibitors: readInhibitors(join(toplevel, "switch-inhibitors")),
  };
}

async function readComponent(path: string): Promise<Component> {
  const resolved = resolve(path);
  if (resolved.kind !== "path" || resolved.path !== path || !lstatSync(path).isFile()) {
    return resolved;
  }
  // Loaded only here: hashing is rare, and the module slows every start.
  const { hash } = await import("node:crypto");
  return { kind: "file", path, sha256: hash("sha256", readFileSync(path)) };
}

function resolve(path: string): Exclude<Component, { kind: "file" }> {
  try {
    return { kind: "path", path: realpathSync.native(path) };
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return danglingLink(path) ?? { kind: "missing" };
  }
}

function danglingLink(path: string): (Component & { kind: "dangling" }) | null {
  try {
    return { kind: "dangling", link: readlinkSync(path) };
  } catch {
    return null;
  }
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error) ?? "");
}

/** Absent in older toplevels; a JSON object of strings in newer ones. */
function readInhibitors(path: string): Inhibitors {
  const text = readText(path);
  return text === null ? { kind: "absent" } : parseInhibitors(text);
}

/** The inhibitors in a text, or why it holds none. */
export function parseInhibitors(text: string): Inhibitors {
  try {
    return inhibitorsIn(JSON.parse(text));
  } catch (error) {
    return { kind: "unreadable", why: messageOf(error) };
  }
}

function inhibitorsIn(value: unknown): Inhibitors {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "unreadable", why: "not a JSON object" };
  }
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => {
    return [key, typeof item === "string" ? item : JSON.stringify(item)] as const;
  });
  return { kind: "present", values: Object.fromEntries(entries) };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
