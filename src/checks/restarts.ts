import type { UnitState } from "../host/systemd/unit-states.ts";
import type { Finding, Standard } from "./findings.ts";
import { isIgnored } from "./units-before.ts";

/** However often a unit restarted before the act, this many restarts after it are a crash loop. */
const MOST_FREE_RESTARTS = 5;

/** Counts how often each unit has restarted itself since the act. */
export class Restarts {
  readonly #standard: Standard;
  readonly #last = new Map<string, number>();
  readonly #growth = new Map<string, number>();
  /** Units that ended with success when they were last seen waiting for their restart. */
  readonly #endedWell = new Set<string>();
  /** When the last restart was seen. */
  lastAt: number | null = null;

  constructor(standard: Standard) {
    this.#standard = standard;
  }

  /** Takes note of the counts; returns the units that crash again and again. */
  count(units: readonly UnitState[], elapsedMs: number): Finding[] {
    const { baseline, ignored } = this.#standard;
    const excused = new Set(baseline.failed.map(({ unit }) => unit));
    for (const state of units) {
      const { unit, restarts } = state;
      if (excused.has(unit) || isIgnored(unit, ignored)) continue;
      this.#noteEnd(state);
      const last = this.#last.get(unit) ?? this.#countBefore(state);
      // A count that fell has begun again: a start by systemctl sets it to 0.
      const by = restarts < last ? restarts : restarts - last;
      this.#last.set(unit, restarts);
      // A new service that always ends with success and is restarted does not crash.
      if (by === 0 || (this.#endedWell.has(unit) && !this.#ranBefore(unit))) continue;
      this.#growth.set(unit, (this.#growth.get(unit) ?? 0) + by);
      this.lastAt = elapsedMs;
    }
    return [...this.#growth].flatMap(([unit, by]) => this.#loop(unit, by));
  }

  grown(): string[] {
    return [...this.#growth.keys()];
  }

  notes(): string[] {
    return [...this.#growth].map(([unit, by]) => `${unit} has restarted (${by})`);
  }

  #loop(unit: string, by: number): Finding[] {
    if (by <= Math.max(1, Math.min(this.#before(unit), MOST_FREE_RESTARTS))) return [];
    return [{ unit, why: `${unit} restarted itself ${by} times`, kind: "wrong" }];
  }

  #noteEnd({ unit, sub, result }: UnitState): void {
    if (!sub.startsWith("auto-restart")) return;
    if (result === "success") this.#endedWell.add(unit);
    else this.#endedWell.delete(unit);
  }

  #ranBefore(unit: string): boolean {
    return this.#standard.baseline.units?.active.some((one) => one.unit === unit) ?? false;
  }

  #before(unit: string): number {
    const { units } = this.#standard.baseline;
    return units?.active.find((active) => active.unit === unit)?.restarts ?? 0;
  }

  /** In another boot the count has begun at 0. A unit that has ended keeps the count of its last run. */
  #countBefore({ unit, active, restarts }: UnitState): number {
    const { baseline, bootId } = this.#standard;
    // An older version of this program has noted no counts.
    if (baseline.units === null || active === "inactive") return restarts;
    return baseline.units.bootId === bootId ? this.#before(unit) : 0;
  }
}
