import { matchesGlob } from "../core/glob.ts";
import { BOOT_COMPLETE_UNIT } from "../core/record/id.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { readBootId } from "../host/nixos/systems.ts";
import { DEFAULT_TARGET, wantedUnits } from "../host/nixos/wanted-units.ts";
import type { Host } from "../host/process/host.ts";
import { showAllUnits, type UnitState } from "../host/systemd/unit-states.ts";
import { patiently } from "./patience.ts";

/** The units before the act, for the record: what they do afterwards is judged against this. */
export type UnitsBefore = NonNullable<FinalizationRecord["unitsBefore"]>;

/** The units that were in trouble before the act. */
export type FailedUnits = NonNullable<FinalizationRecord["failedBefore"]>;

/** What the judgement of units compares with. */
export interface Baseline {
  readonly failed: FailedUnits;
  /** Null if an older version of this program made the record. */
  readonly units: UnitsBefore | null;
  /** `now`: nobody had looked before the act, because a boot came first. Unless given, `before-act`. */
  readonly taken?: "before-act" | "now";
}

/**
 * The units now, to be kept before the act.
 *
 * @param read reads all of them
 * @throws Error if systemd does not answer for some seconds
 */
export async function takeBaseline(
  host: Host,
  signal: AbortSignal,
  read: (host: Host) => Promise<readonly UnitState[]> = showAllUnits,
): Promise<Baseline & { readonly units: UnitsBefore }> {
  const all = await patiently(async () => await read(host), signal);
  const noted = noteUnits(all, readBootId(host.paths), host.now());
  const { active, idle, broken } = noted.units;
  const known = new Set([...active.map(({ unit }) => unit), ...idle, ...broken]);
  // systemd does not keep every idle unit loaded.
  const others = [...wantedUnits(host.paths.currentSystem).keys()].filter(
    (name) => !known.has(name),
  );
  return { ...noted, units: { ...noted.units, idle: [...idle, ...others] } };
}

/** A runner that was drained for the act counts as it was before the drain. */
export function withDrained(
  now: Baseline & { readonly units: UnitsBefore },
  { stoppedRunners, unitsBefore }: Pick<FinalizationRecord, "stoppedRunners" | "unitsBefore">,
): Baseline & { readonly units: UnitsBefore } {
  if (unitsBefore === null || stoppedRunners.length === 0) return now;
  const isNow = new Set(now.units.active.map(({ unit }) => unit));
  const drained = unitsBefore.active.filter(
    ({ unit }) => stoppedRunners.includes(unit) && !isNow.has(unit),
  );
  const names = new Set(drained.map(({ unit }) => unit));
  return {
    failed: now.failed.filter(({ unit }) => !names.has(unit)),
    units: {
      ...now.units,
      active: [...now.units.active, ...drained],
      idle: now.units.idle.filter((unit) => !names.has(unit)),
    },
  };
}

/**
 * Units that no deploy owns: any user can make their own manager or session fail, and a core dump
 * says nothing about which program a deploy brought.
 */
const NEVER_COUNT = [
  // They wait for the verification, and fail or start again by its end: systemd-bless-boot.service(8).
  BOOT_COMPLETE_UNIT,
  "boot-complete.target",
  "systemd-bless-boot.service",
  "user@*.service",
  "user-runtime-dir@*.service",
  "session-*.scope",
  "systemd-coredump@*.service",
];

export function isIgnored(unit: string, ignored: readonly string[]): boolean {
  return [...NEVER_COUNT, ...ignored].some((glob) => matchesGlob(glob, unit));
}

/** A service whose last restart is this recent, in seconds, counts as one that crashes again and again. */
const LATELY_SECONDS = 60;

const KINDS = /\.(service|socket|timer|path|mount|automount|swap|target)$/;
const CANNOT_BE_LOADED = new Set(["bad-setting", "error"]);

export function isRunning({ active }: Pick<UnitState, "active">): boolean {
  return active === "active" || active === "reloading" || active === "refreshing";
}

export function cannotBeLoaded({ load }: Pick<UnitState, "load">): boolean {
  return CANNOT_BE_LOADED.has(load);
}

/** Whether a unit that is active now wants it, or every boot does. */
export function isWanted(unit: UnitState, active: ReadonlySet<string>): boolean {
  return unit.wantedBy.some((by) => by === DEFAULT_TARGET || active.has(by));
}

/** Whether the unit was in trouble before the act already. */
export function hadFailed({ failed }: Baseline, unit: string): boolean {
  return failed.some((one) => one.unit === unit);
}

export function activeAmong(units: Iterable<UnitState>): Set<string> {
  return new Set([...units].filter(isRunning).map(({ unit }) => unit));
}

/** Notes the units before the act. */
export function noteUnits(
  units: readonly UnitState[],
  bootId: string,
  now: Date,
): Baseline & { readonly units: UnitsBefore } {
  const seconds = now.getTime() / 1000;
  const active = activeAmong(units);
  const failed = units.filter((unit) => isFailing(unit, seconds));
  const others = units.filter((unit) => !failed.includes(unit));
  const isIdle = (unit: UnitState): boolean =>
    !isRunning(unit) && !isBroken(unit) && isWanted(unit, active);
  return {
    failed: failed.map(({ unit, restarts }) => ({ unit, restarts })),
    units: {
      bootId,
      // Also what runs and has restarted lately: that excuses no unit that cannot be loaded.
      active: units
        .filter((unit) => isRunning(unit) && KINDS.test(unit.unit))
        .filter(({ unit, lifetime }) => lifetime === "permanent" && !isIgnored(unit, []))
        .map(({ unit, startedAt, restarts, activeSince }) => {
          const since = activeSince ?? seconds;
          return { unit, startedAt, restarts, seconds: Math.max(0, Math.floor(seconds - since)) };
        }),
      idle: others.filter(isIdle).map(({ unit }) => unit),
      broken: others.filter(isBroken).map(({ unit }) => unit),
    },
  };
}

function isBroken(unit: UnitState): boolean {
  return cannotBeLoaded(unit) || (!isRunning(unit) && unit.assertions.result === "unmet");
}

function isFailing({ active, sub, restarts, mainStart }: UnitState, now: number): boolean {
  if (active === "failed" || sub.startsWith("auto-restart")) return true;
  return restarts > 0 && mainStart !== null && now - mainStart < LATELY_SECONDS;
}
