import { RESUME_UNIT } from "../core/record/id.ts";
import type { Paths } from "../host/files/paths.ts";
import { hasResumeUnit } from "../host/nixos/resume-unit.ts";
import { readBootEntry } from "./efi-variables.ts";
import { memoryUnder } from "./volatile.ts";

/** What a finalization needs to go on after a reboot. */
export interface AfterBoot {
  /** The systems that may come up but do not start the resume unit. */
  readonly withoutResumeUnit: readonly ("target" | "previous")[];
  /** The file system in memory that the state folder is on, in words; null if it survives a reboot. */
  readonly memory: string | null;
  /** The boot entry that the firmware starts next in place of the one of this boot; null if there is none. */
  readonly detour: string | null;
}

export function lookAfterBoot(
  paths: Paths,
  systems: { readonly target: string; readonly previous: string | null },
  stateDir: string,
): AfterBoot {
  const { target, previous } = systems;
  return {
    withoutResumeUnit: [
      ...(lacksUnit(target) ? (["target"] as const) : []),
      ...(previous !== target && lacksUnit(previous) ? (["previous"] as const) : []),
    ],
    memory: memoryUnder(paths, stateDir),
    detour: detourOf(paths),
  };
}

function detourOf(paths: Paths): string | null {
  const next = readBootEntry(paths, "BootNext");
  return next === readBootEntry(paths, "BootCurrent") ? null : next;
}

function lacksUnit(toplevel: string | null): boolean {
  return toplevel !== null && !hasResumeUnit(toplevel);
}

/**
 * Why nothing would go on with a finalization after a reboot, so that a target that was booted once
 * would never become the boot default; null if nothing is known to be in the way.
 */
export function resumeObstacle({
  withoutResumeUnit,
  memory,
}: Pick<AfterBoot, "withoutResumeUnit" | "memory">): string | null {
  const [lacking] = withoutResumeUnit;
  if (lacking !== undefined) return `the ${lacking} system has no ${RESUME_UNIT}`;
  return memory === null ? null : `the state folder is on ${memory} and does not survive a reboot`;
}
