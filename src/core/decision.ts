import { componentOf, type Inhibitors, sameComponent, type SystemView } from "./toplevel.ts";

/** The names whose change needs a reboot, unless the configuration says otherwise. */
export const DEFAULT_REBOOT_WHEN_CHANGED = ["kernel", "initrd", "kernel-modules"] as const;

export type Action = "switch" | "reboot";

/** How the target is to be made the running system, and why. */
export interface Plan {
  readonly action: Action;
  readonly reason: string;
  /** The names of `rebootWhenChanged` that differ, in the configured order. */
  readonly changed: readonly string[];
}

export type Decision = Plan | { readonly action: "refuse"; readonly missing: readonly string[] };

export interface Systems {
  readonly booted: SystemView;
  readonly current: SystemView;
  readonly target: SystemView;
}

/**
 * Decides between switch, reboot and refusal. Pure and total; rules in the order
 * of docs/how-it-works.md.
 */
export function decide(rebootWhenChanged: readonly string[], systems: Systems): Decision {
  const { booted, current, target } = systems;
  const missing = rebootWhenChanged.filter((name) => isDefault(name) && isAbsent(target, name));
  if (missing.length > 0) return { action: "refuse", missing };

  if (rebootWhenChanged.some((name) => isDefault(name) && isAbsent(booted, name))) {
    return reboot("/run/booted-system incomplete");
  }
  const changed = rebootWhenChanged.filter((name) => differs(booted, target, name));
  if (changed.length > 0) return reboot(`${changed.join(",")} changed`, changed);

  const refusal = whySwitchWouldRefuse(current, target);
  if (refusal !== null) return reboot(refusal);

  const reason = isCurrent(systems) ? "services only, already current" : "services only";
  return { action: "switch", reason, changed: [] };
}

/** Whether the target is the system that runs. */
export function isCurrent({ current, target }: Systems): boolean {
  return target.toplevel !== null && target.toplevel === current.toplevel;
}

/**
 * What is done of a decision on a host that may not reboot: what differs only since the boot is
 * left for a later reboot, and the rest is switched to. Where the switch itself would be refused,
 * the decision stays, and nothing can be done.
 */
export function underPolicy(decision: Decision, reboots: "allowed" | "forbidden"): Decision {
  if (decision.action !== "reboot" || reboots === "allowed") return decision;
  if (decision.changed.length === 0) return decision;
  return { ...decision, action: "switch", reason: `${decision.reason}, but no reboot is allowed` };
}

/**
 * What `switch-to-configuration switch` would refuse to do live, or null.
 * It compares the init interface with the running one and the inhibitors key by
 * key, only the keys that both have (notes/switch-to-configuration.md).
 */
function whySwitchWouldRefuse(current: SystemView, target: SystemView): string | null {
  if (current.initInterfaceVersion !== target.initInterfaceVersion) {
    const [from, to] = [current, target].map((s) => s.initInterfaceVersion ?? "none");
    return `init-interface-version changed (${from} to ${to})`;
  }
  const keys = differingInhibitors(current.inhibitors, target.inhibitors);
  return keys.length > 0 ? `switch inhibitor changed: ${keys.join(",")}` : null;
}

/** An unreadable file counts as a difference: a reboot is safe where a switch may not be. */
function differingInhibitors(current: Inhibitors, target: Inhibitors): string[] {
  if (target.kind === "unreadable" || current.kind === "unreadable") return ["unreadable file"];
  if (target.kind === "absent" || current.kind === "absent") return [];
  return Object.keys(target.values)
    .filter((key) => Object.hasOwn(current.values, key))
    .filter((key) => current.values[key] !== target.values[key])
    .toSorted();
}

function reboot(reason: string, changed: readonly string[] = []): Plan {
  return { action: "reboot", reason, changed };
}

function isDefault(name: string): boolean {
  return DEFAULT_REBOOT_WHEN_CHANGED.some((known) => known === name);
}

function isAbsent(system: SystemView, name: string): boolean {
  const { kind } = componentOf(system, name);
  return kind === "missing" || kind === "dangling";
}

function differs(booted: SystemView, target: SystemView, name: string): boolean {
  return !sameComponent(componentOf(booted, name), componentOf(target, name));
}
