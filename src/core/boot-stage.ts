import { duration } from "./age.ts";

/** How far the boot of now has come, as systemd tells it (notes/boot-stage.md). */
export interface BootSeen {
  /** `SystemState` of the manager: `starting`, `running` and others. */
  readonly systemState: string;
  /** The seconds since the system's own systemd began, without the initrd; null if that is unknown. */
  readonly seconds: number | null;
  readonly defaultTarget: TargetSeen;
  readonly emergency: TargetSeen;
  readonly rescue: TargetSeen;
}

export interface TargetSeen {
  /** `ActiveState`. */
  readonly active: string;
  readonly entered: "in-this-boot" | "never";
}

export type BootStage =
  /** The default target is reached, or systemd has no job left. */
  | { readonly kind: "through" }
  | { readonly kind: "on-its-way" }
  | { readonly kind: "maintenance"; readonly mode: "emergency" | "rescue" }
  | { readonly kind: "going-down" };

/** A boot that was in emergency mode has not got through before it reaches its default target. */
export function stageOf(seen: BootSeen): BootStage {
  const { systemState, defaultTarget } = seen;
  if (systemState === "stopping") return { kind: "going-down" };
  const mode = (["emergency", "rescue"] as const).find((name) => isEntering(seen[name]));
  if (mode !== undefined) return { kind: "maintenance", mode };
  if (defaultTarget.active === "active") return { kind: "through" };
  const earlier = (["emergency", "rescue"] as const).find(
    (name) => seen[name].entered === "in-this-boot",
  );
  if (earlier !== undefined) return { kind: "maintenance", mode: earlier };
  const isIdle = systemState === "running" || systemState === "degraded";
  return { kind: isIdle ? "through" : "on-its-way" };
}

function isEntering({ active }: TargetSeen): boolean {
  return active === "active" || active === "activating";
}

/** What a boot means for the system that it has brought up. */
export type BootVerdict =
  | { readonly kind: "passed" }
  | { readonly kind: "wait" }
  | { readonly kind: "maintenance" | "too-late"; readonly why: string };

/**
 * Judges a boot by its time limit. Emergency and rescue mode fail at once.
 *
 * @param limit seconds from the begin of systemd; null for no limit
 */
export function judgeBoot(seen: BootSeen, limit: number | null): BootVerdict {
  const stage = stageOf(seen);
  switch (stage.kind) {
    case "through":
      return { kind: "passed" };
    case "maintenance":
      return { kind: "maintenance", why: `the boot ended in ${stage.mode} mode` };
    case "on-its-way":
      return limit !== null && isOlderThan(seen, limit)
        ? { kind: "too-late", why: `the boot did not get through within ${duration(limit)}` }
        : { kind: "wait" };
    case "going-down":
      return { kind: "wait" };
  }
}

/** A boot of unknown age never is. */
export function isOlderThan({ seconds }: BootSeen, limit: number): boolean {
  return seconds !== null && seconds >= limit;
}
