import { type Decision, DEFAULT_REBOOT_WHEN_CHANGED, isCurrent, type Systems } from "./decision.ts";
import { componentOf, componentPath, sameComponent, type SystemView } from "./toplevel.ts";

/** What one system has under a name. */
export interface Side {
  /** Where it really lies; null where it is not there. */
  readonly path: string | null;
  readonly version: string | null;
}

/** How a part of the booted system compares with the target's. */
export interface ComponentChange {
  readonly name: string;
  readonly change: "same" | "changed" | "missing";
  readonly booted: Side;
  readonly target: Side;
}

/**
 * The version in the name of a store path, or null. It begins at the first dash before a
 * digit; `-modules` is an output of the kernel and no part of its version.
 */
export function versionInStorePath(path: string): string | null {
  const name = /\/nix\/store\/[0-9a-z]{32}-([^/]+)/.exec(path)?.[1];
  return name?.replace(/-modules(-shrunk)?$/, "").match(/-(\d.*)$/)?.[1] ?? null;
}

/** What the kernels of both systems say of themselves, where that is known. */
export interface KernelVersions {
  readonly booted: string | null;
  readonly target: string | null;
}

export function compareComponents(
  names: readonly string[],
  { booted, target }: Systems,
  kernels: KernelVersions,
): ComponentChange[] {
  return names.map((name) => ({
    name,
    change: changeOf(name, booted, target),
    booted: sideOf(name, booted, kernels.booted),
    target: sideOf(name, target, kernels.target),
  }));
}

function changeOf(name: string, booted: SystemView, target: SystemView): ComponentChange["change"] {
  const [from, to] = [componentOf(booted, name), componentOf(target, name)];
  if (componentPath(from) === null || componentPath(to) === null) return "missing";
  return sameComponent(from, to) ? "same" : "changed";
}

function sideOf(name: string, system: SystemView, kernel: string | null): Side {
  const path = componentPath(system.components[name]);
  if (path === null) return { path, version: null };
  const known = name === "kernel" || name === "kernel-modules" ? kernel : null;
  return { path, version: known ?? versionInStorePath(path) };
}

/** What would be done and why, for people: `would reboot: kernel 6.12.3 → 6.12.9`. */
export function verdict(
  decision: Decision,
  systems: Systems,
  components: readonly ComponentChange[],
): string {
  if (decision.action === "refuse") return `would refuse: ${refusalReason(decision)}`;
  const { action, reason, changed } = decision;
  if (action === "switch") {
    // What differs since the boot is not what would be switched to.
    const isThereAlready = changed.length === 0 && isCurrent(systems);
    return isThereAlready
      ? "would switch, to the system that runs already"
      : `would switch: ${reason}`;
  }
  const words = changesInWords(components.filter(({ name }) => changed.includes(name)));
  return `would reboot: ${words.length > 0 ? words.join(", ") : reason}`;
}

export function refusalReason({ missing }: Extract<Decision, { action: "refuse" }>): string {
  return `the target is missing ${missing.join(", ")}`;
}

/** Initrd and modules of another kernel are new with it: that goes without saying. */
function changesInWords(changes: readonly ComponentChange[]): string[] {
  const isKernelNew = changes.some((each) => each.name === "kernel" && isOtherVersion(each));
  const goesWithout = (name: string): boolean =>
    isKernelNew && name !== "kernel" && DEFAULT_REBOOT_WHEN_CHANGED.some((each) => each === name);
  return changes.filter(({ name }) => !goesWithout(name)).map(changeInWords);
}

/** One change: `kernel 6.12.3 → 6.12.9`, `initrd rebuilt` (the version is the same), `x changed`. */
export function changeInWords(change: ComponentChange): string {
  const { name, booted, target } = change;
  if (booted.version === null || target.version === null) return `${name} changed`;
  return isOtherVersion(change)
    ? `${name} ${booted.version} → ${target.version}`
    : `${name} ${target.version} rebuilt`;
}

function isOtherVersion({ booted, target }: ComponentChange): boolean {
  return booted.version !== null && target.version !== null && booted.version !== target.version;
}
