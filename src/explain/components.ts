import {
  type Decision,
  DEFAULT_REBOOT_WHEN_CHANGED,
  INCOMPLETE,
  isCurrent,
  isIncomplete,
  type Systems,
} from "../core/decision/decision.ts";
import {
  componentOf,
  componentPath,
  sameComponent,
  type SystemView,
} from "../core/decision/toplevel.ts";
import type { ExplainJson } from "../json/explain.ts";

export type ComponentChange = ExplainJson["components"][number];

/**
 * The version in the name of a store path, or null. It starts after the first dash before a digit;
 * `-modules` is an output of the kernel and not part of its version.
 */
export function versionInStorePath(path: string): string | null {
  const name = /\/nix\/store\/[0-9a-z]{32}-([^/]+)/.exec(path)?.[1];
  return name?.replace(/-modules(-shrunk)?$/, "").match(/-(\d.*)$/s)?.[1] ?? null;
}

export type KernelVersions = Readonly<Record<"booted" | "target", string | null>>;

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

function sideOf(
  name: string,
  system: SystemView,
  kernel: string | null,
): ComponentChange["target"] {
  const path = componentPath(system.components[name]);
  if (path === null) return { path, version: null };
  const known = name === "kernel" || name === "kernel-modules" ? kernel : null;
  return { path, version: known ?? versionInStorePath(path) };
}

/** The decision and its reason, for people: `would reboot: kernel 6.12.3 → 6.12.9`. */
export function verdict(
  decision: Decision,
  systems: Systems,
  components: readonly ComponentChange[],
): string {
  if (decision.action === "refuse") return `would refuse: ${refusalReason(decision)}`;
  const { action, reason, changed } = decision;
  if (action === "switch") {
    // Not if `changed` has names: they wait for a reboot that is not allowed.
    const isAlreadyCurrent = changed.length === 0 && isCurrent(systems);
    return isAlreadyCurrent
      ? "would switch to the system that already runs"
      : `would switch: ${reason}`;
  }
  const incomplete = isIncomplete(changed, systems.booted) ? [INCOMPLETE] : [];
  const words = changesInWords(components.filter(({ name }) => changed.includes(name)));
  return `would reboot: ${words.length > 0 ? [...incomplete, ...words].join(", ") : reason}`;
}

export function refusalReason({ missing }: Extract<Decision, { action: "refuse" }>): string {
  return `the target is missing ${missing.join(", ")}`;
}

/** Without initrd and modules if the kernel has another version: they always change with it. */
function changesInWords(changes: readonly ComponentChange[]): string[] {
  const isKernelNew = changes.some((each) => each.name === "kernel" && isOtherVersion(each));
  const isImplied = (name: string): boolean =>
    isKernelNew && name !== "kernel" && DEFAULT_REBOOT_WHEN_CHANGED.some((each) => each === name);
  return changes.filter(({ name }) => !isImplied(name)).map(changeInWords);
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
