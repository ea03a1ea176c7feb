import type { Standard } from "../../src/checks/findings.ts";
import type { FailedJob } from "../../src/core/record/record.ts";
import type { UnitsBefore } from "../../src/checks/units-before.ts";
import type { UnitState } from "../../src/host/systemd/unit-states.ts";

export const BOOT = "boot-1";

/** A service that multi-user.target wants and that has run since second 100 of this boot. */
export function unit(name: string, changes: Partial<UnitState> = {}): UnitState {
  return {
    unit: name,
    load: "loaded",
    active: "active",
    sub: "running",
    type: name.endsWith(".service") ? "simple" : "",
    lifetime: "permanent",
    job: "none",
    result: "success",
    restarts: 0,
    mainStart: null,
    activeSince: null,
    startedAt: 100_000_000,
    endedAt: 0,
    conditions: { at: 100_000_000, result: "met" },
    assertions: { at: 0, result: "met" },
    wantedBy: ["multi-user.target"],
    triggeredBy: [],
    ...changes,
  };
}

/** What a unit looks like that was stopped and not started again. */
export function stopped(name: string, changes: Partial<UnitState> = {}): UnitState {
  return unit(name, { active: "inactive", sub: "dead", endedAt: 200_000_000, ...changes });
}

export const TARGET = unit("multi-user.target", { wantedBy: ["graphical.target"] });

export function standard(
  before: Partial<UnitsBefore> = {},
  changes: {
    failed?: string[];
    ignored?: string[];
    failedJobs?: FailedJob[];
    bootId?: string;
  } = {},
): Standard {
  const { failed = [], ignored = [], failedJobs = [], bootId = BOOT } = changes;
  return {
    baseline: {
      failed: failed.map((name) => ({ unit: name, restarts: 0 })),
      units: { bootId: BOOT, active: [], idle: [], broken: [], ...before },
    },
    ignored,
    failedJobs,
    bootId,
  };
}

/** A unit of the baseline that ran since second 100, for an hour. */
export function ran(name: string, changes: Partial<UnitsBefore["active"][number]> = {}) {
  return { unit: name, startedAt: 100_000_000, seconds: 3600, restarts: 0, ...changes };
}
