import type { FailedJob } from "../core/record/record.ts";
import type { UnitState } from "../host/systemd/unit-states.ts";
import { type Baseline, isIgnored } from "./units-before.ts";

/** What is wrong with a unit after the act, or may still become right. */
export interface Finding {
  readonly unit: string;
  readonly why: string;
  /**
   * `wrong` is certain. The others become wrong if they last: a unit that is still `starting`, one
   * that is `restarting`, a `transient` unit that has failed. A oneshot that is still `working` is
   * waited for, but not for ever.
   */
  readonly kind: "wrong" | "starting" | "working" | "restarting" | "transient";
}

/** What units are judged by. */
export interface Standard {
  readonly baseline: Baseline;
  /** Globs of units that do not count. */
  readonly ignored: readonly string[];
  readonly failedJobs: readonly FailedJob[];
  readonly bootId: string;
}

/** What is seen of the units now. */
export interface Evidence extends Standard {
  /** The units that are judged. */
  readonly now: ReadonlyMap<string, UnitState>;
  /** The names of all units that run now. */
  readonly running: ReadonlySet<string>;
  /** Units that were seen running since the act. */
  readonly seenRunning: ReadonlySet<string>;
  /** Units that `Restart=` has restarted since the act. */
  readonly restarted: ReadonlySet<string>;
}

export function wrong(unit: string, why: string): Finding {
  return { unit, why: `${unit} ${why}`, kind: "wrong" };
}

export function isIgnoredBy({ ignored }: Standard, unit: string): boolean {
  return isIgnored(unit, ignored);
}
