import type { UnitState } from "../host/systemd/unit-states.ts";
import { judgeFailedJobs } from "./failed-jobs.ts";
import { type Evidence, type Finding, isIgnoredBy, wrong } from "./findings.ts";
import {
  cannotBeLoaded,
  hadFailed,
  isRunning,
  isWanted,
  type UnitsBefore,
} from "./units-before.ts";

type ActiveBefore = UnitsBefore["active"][number];

/**
 * Blames units for what the act did to them: each unit that ran before and that the target has and
 * wants, but that does not run; what failed; what could not be loaded or started. It does not blame
 * what was so before the act, what ended by itself, or what nothing wants any more.
 */
export function judgeUnits(evidence: Evidence): Finding[] {
  const ranBefore = new Map(evidence.baseline.units?.active.map((before) => [before.unit, before]));
  const findings = [...evidence.now.values()]
    .filter(({ unit }) => !isIgnoredBy(evidence, unit))
    .flatMap((unit) => judge(unit, ranBefore.get(unit.unit), evidence) ?? []);
  const blamed = new Set(findings.map(({ unit }) => unit));
  return [...findings, ...judgeFailedJobs(evidence).filter(({ unit }) => !blamed.has(unit))];
}

function judge(
  unit: UnitState,
  before: ActiveBefore | undefined,
  evidence: Evidence,
): Finding | null {
  const isKnown = hadFailed(evidence.baseline, unit.unit);
  const failure = failureOf(unit, before);
  if (failure !== null) return isKnown ? null : failure;
  const finding =
    before === undefined ? newTrouble(unit, evidence) : notRunning(unit, before, evidence);
  // What was in trouble before may be on its way for ever, but it must not be left stopped.
  return isKnown && (before === undefined || finding?.kind !== "wrong") ? null : finding;
}

function failureOf(unit: UnitState, before: ActiveBefore | undefined): Finding | null {
  const { unit: name, active, sub, lifetime } = unit;
  if (active === "failed") {
    return { ...wrong(name, "failed"), kind: lifetime === "transient" ? "transient" : "wrong" };
  }
  if (!sub.startsWith("auto-restart")) return null;
  // A new service that ends with success and is restarted each time works as it is meant to.
  if (before === undefined && unit.result === "success") return null;
  return { unit: name, why: `${name} has ended and waits to be restarted`, kind: "restarting" };
}

/** Why a unit that systemd tried to start, or could not even load, does not run. */
function refusedStart(unit: UnitState): Finding | null {
  if (cannotBeLoaded(unit)) return wrong(unit.unit, `cannot be loaded (${unit.load})`);
  return unit.assertions.result === "unmet"
    ? wrong(unit.unit, "was not started: an assertion of it does not hold")
    : null;
}

/** A unit that did not run before. Only what active units want or trigger can be held against the act. */
function newTrouble(unit: UnitState, evidence: Evidence): Finding | null {
  const { running, bootId } = evidence;
  const { units: before } = evidence.baseline;
  if (before === null || before.broken.includes(unit.unit)) return null;
  const isTargeted = unit.wantedBy.some((by) => by.endsWith(".target") && running.has(by));
  const isBehind = isTriggered(unit, running);
  if (cannotBeLoaded(unit)) return isWanted(unit, running) || isBehind ? refusedStart(unit) : null;
  if (isRunning(unit) || !isTargeted) return null;
  const wasIdle = before.idle.includes(unit.unit);
  if (isOnItsWay(unit)) {
    if (unit.type !== "oneshot") return onItsWay(unit, "starting");
    // In the same boot, it may have begun before the act.
    return wasIdle && bootId === before.bootId ? null : onItsWay(unit, "working");
  }
  const refused = refusedStart(unit);
  if (refused !== null || wasIdle) return refused;
  const wasTried = unit.startedAt > 0 || unit.conditions.at > 0 || unit.load !== "loaded";
  return wasTried || isBehind ? null : wrong(unit.unit, "was not started");
}

function isOnItsWay({ active, job, sub }: UnitState): boolean {
  if (sub.startsWith("auto-restart")) return false;
  return job === "queued" || active === "activating" || active === "deactivating";
}

function onItsWay({ unit }: UnitState, kind: "starting" | "working"): Finding {
  return { unit, why: `${unit} is still starting`, kind };
}

function isTriggered({ triggeredBy }: UnitState, running: ReadonlySet<string>): boolean {
  return triggeredBy.some((by) => running.has(by));
}

/** A unit that ran before the act. */
function notRunning(unit: UnitState, before: ActiveBefore, evidence: Evidence): Finding | null {
  const { running, baseline } = evidence;
  const { load } = unit;
  if (load === "not-found" || load === "masked") return null;
  if (baseline.units?.broken.includes(unit.unit) === true) return null;
  if (cannotBeLoaded(unit) && (isRunning(unit) || isTriggered(unit, running))) {
    return refusedStart(unit);
  }
  if (isRunning(unit) || !isWanted(unit, running)) return null;
  if (isOnItsWay(unit)) return onItsWay(unit, "starting");
  return refusedStart(unit) ?? notStartedAgain(unit, before, evidence);
}

function notStartedAgain(
  unit: UnitState,
  before: ActiveBefore,
  { baseline, bootId, running, seenRunning }: Evidence,
): Finding | null {
  const since = bootId === baseline.units?.bootId ? before.startedAt : 0;
  if (unit.conditions.result === "unmet" && unit.conditions.at > since) return null;
  if (unit.startedAt > since) {
    return hadFailed(baseline, unit.unit) ? null : endedAfterStart(unit, before, running);
  }
  if (isTriggered(unit, running)) return null;
  const endedByItself = seenRunning.has(unit.unit) && unit.result === "success";
  return endedByItself ? null : wrong(unit.unit, "ran before and was not started again");
}

/** A service that had run for much longer than it does now is no service that ends by itself. */
const MUCH_LONGER = 10;

/** A service that ends because nobody needs it waits longer than this, in seconds. */
const SHORTEST_IDLE = 5;

function endedAfterStart(
  unit: UnitState,
  before: ActiveBefore,
  running: ReadonlySet<string>,
): Finding | null {
  if (unit.type === "oneshot") return null;
  const triggers = unit.triggeredBy.filter((by) => running.has(by));
  if (!unit.unit.endsWith(".service")) {
    return triggers.length > 0 ? null : wrong(unit.unit, "ran before and is not active");
  }
  if (triggers.some((by) => !by.endsWith(".socket"))) return null;
  const ran = Math.max(0, unit.endedAt - unit.startedAt) / 1_000_000;
  const mayBeIdle = unit.type === "dbus" || triggers.length > 0;
  if (mayBeIdle && ran >= SHORTEST_IDLE) return null;
  if (before.seconds < MUCH_LONGER * ran || before.seconds < 1) return null;
  return wrong(
    unit.unit,
    `ended ${ran.toFixed(1)} s after its start; before, it had run for ${before.seconds} s`,
  );
}
