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
  };
}

/**
 * The boot entry that the firmware starts next, once, in place of the one of this boot; null if there is
 * none, or if it cannot be read.
 */
export function detourOf(paths: Paths): string | null {
  try {
    const next = readBootEntry(paths, "BootNext");
    return next === null || next === readBootEntry(paths, "BootCurrent") ? null : next;
  } catch {
    return null;
  }
}

function lacksUnit(toplevel: string | null): boolean {
  return toplevel !== null && !hasResumeUnit(toplevel);
}

/**
 * Why nothing would go on with a finalization after a reboot, so that a target that was booted once
 * would never become the boot default; null if nothing is known to be in the way.
 */
export function resumeObstacle({ withoutResumeUnit, memory }: AfterBoot): string | null {
  const [lacking] = withoutResumeUnit;
  if (lacking !== undefined) return `the ${lacking} system has no ${RESUME_UNIT}`;
  return memory === null ? null : `the state folder is on ${memory} and does not survive a reboot`;
}
