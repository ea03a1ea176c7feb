import { componentOf, type Inhibitors, sameComponent, type SystemView } from "./toplevel.ts";

/** The names whose change needs a reboot, unless the configuration says otherwise. */
export const DEFAULT_REBOOT_WHEN_CHANGED = ["kernel", "initrd", "kernel-modules"] as const;

export type Action = "switch" | "reboot";

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
 * Decides between switch, reboot and refusal. Pure and total; the rules are in the order of
 * docs/how-it-works.md.
 */
export function decide(rebootWhenChanged: readonly string[], systems: Systems): Decision {
  const { booted, current, target } = systems;
  const missing = rebootWhenChanged.filter((name) => isDefault(name) && isAbsent(target, name));
  if (missing.length > 0) return { action: "refuse", missing };

  // What the booted system lacks the target has, so it has changed too.
  const changed = rebootWhenChanged.filter((name) => differs(booted, target, name));
  if (changed.length > 0) {
    const incomplete = isIncomplete(rebootWhenChanged, booted) ? [INCOMPLETE] : [];
    return reboot(`${[...incomplete, ...changed].join(",")} changed`, changed);
  }

  const refusal = whySwitchWouldRefuse(current, target);
  if (refusal !== null) return reboot(refusal, []);

  const reason = isCurrent(systems) ? "services only, already current" : "services only";
  return { action: "switch", reason, changed: [] };
}

/** The reason to reboot if the booted system lacks a default name. */
export const INCOMPLETE = "/run/booted-system incomplete";

/** Whether the booted system lacks a default name that is compared. */
export function isIncomplete(rebootWhenChanged: readonly string[], booted: SystemView): boolean {
  return rebootWhenChanged.some((name) => isDefault(name) && isAbsent(booted, name));
}

export function isCurrent({ current, target }: Systems): boolean {
  return target.toplevel !== null && target.toplevel === current.toplevel;
}

/** A decision under the policy of a host: `forbidden` needs a reboot that the policy does not allow. */
export type Permitted = Decision | { readonly action: "forbidden"; readonly plan: Plan };

/** Whether a host may reboot. `put-off`: its reboot waits for a later moment, and it switches until then. */
export type Reboots = "allowed" | "forbidden" | "put-off";

/**
 * The decision on a host that may not reboot, or not yet: it switches, and the changed or missing
 * components wait for a later reboot. If NixOS would refuse the switch, the decision stays: where no
 * reboot is allowed, the finalization cannot act.
 */
export function underPolicy(decision: Decision, reboots: Reboots): Permitted {
  if (decision.action !== "reboot") return decision;
  const isRefused = !canSwitchPartly(decision);
  switch (reboots) {
    case "allowed":
      return decision;
    case "put-off":
      return isRefused ? decision : partly(decision, "but the reboot is put off");
    case "forbidden":
      return isRefused
        ? { action: "forbidden", plan: decision }
        : partly(decision, "but no reboot is allowed");
  }
}

/** Whether a switch brings a part of what needs a reboot. If nothing has changed, NixOS refuses it. */
export function canSwitchPartly({ changed }: Plan): boolean {
  return changed.length > 0;
}

function partly(decision: Plan, words: string): Plan {
  return { ...decision, action: "switch", reason: `${decision.reason}, ${words}` };
}

/**
 * The action whose gates to wait for. A refused target keeps the action of its plan. A forbidden
 * reboot waits for the gates of a switch: it fails as soon as its turn comes.
 */
export function actionToAwait(decision: Decision, reboots: Reboots, planned: Plan): Action {
  const wanted = decision.action === "refuse" ? planned : decision;
  return underPolicy(wanted, reboots).action === "reboot" ? "reboot" : "switch";
}

/**
 * Why `switch-to-configuration switch` would refuse, or null. It compares the init interface, and
 * those inhibitors that both systems have (notes/switch-to-configuration.md).
 */
function whySwitchWouldRefuse(current: SystemView, target: SystemView): string | null {
  if (current.initInterfaceVersion !== target.initInterfaceVersion) {
    const [from, to] = [current, target].map((s) => s.initInterfaceVersion ?? "none");
    return `init-interface-version changed (${from} to ${to})`;
  }
  const keys = differingInhibitors(current.inhibitors, target.inhibitors);
  return keys.length > 0 ? `switch inhibitor changed: ${keys.join(",")}` : null;
}

/** An unreadable file counts as a difference, because a reboot is safer than a switch. */
function differingInhibitors(current: Inhibitors, target: Inhibitors): string[] {
  if (target.kind === "unreadable" || current.kind === "unreadable") return ["unreadable file"];
  if (target.kind === "absent" || current.kind === "absent") return [];
  return Object.keys(target.values)
    .filter((key) => Object.hasOwn(current.values, key))
    .filter((key) => current.values[key] !== target.values[key])
    .toSorted();
}

function reboot(reason: string, changed: readonly string[]): Plan {
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
