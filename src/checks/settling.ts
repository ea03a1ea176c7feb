import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/process/host.ts";
import { pause } from "../host/process/time.ts";
import { wantedUnits } from "../host/nixos/wanted-units.ts";
import {
  listAllUnits,
  showAllUnits,
  showUnits,
  type UnitState,
} from "../host/systemd/unit-states.ts";
import type { ListedUnit } from "../host/systemd/units.ts";
import type { Finding, Standard } from "./findings.ts";
import { judgeUnits } from "./judge-units.ts";
import { patiently } from "./patience.ts";
import { Restarts } from "./restarts.ts";
import { cannotBeLoaded, isRunning } from "./units-before.ts";

export type Settling =
  | { readonly kind: "settled" }
  /** What is wrong, one line for each unit. */
  | { readonly kind: "troubled"; readonly units: readonly string[] };

const POLL_MS = 500;

/**
 * A unit that starts, or waits for its restart, is watched for this long at most: ten minutes are
 * more than any start takes that has a time limit of its own.
 */
const BOUND_MS = 600_000;

/** A unit must get through at least this much time, in milliseconds, however short the settling time is. */
const LEAST_MS = 1000;

/**
 * Watches the units after the act, and ends as soon as one of them is wrong. A unit that restarted
 * itself must then run through the settling time; a second restart is a crash loop, unless the unit
 * restarted as often before. Units that are still starting are waited for.
 *
 * @param seconds the settling time; 0 takes one look, unless something is on its way
 */
export async function watchSettling(
  host: Host,
  standard: Standard,
  seconds: number,
  signal: AbortSignal,
): Promise<Settling> {
  try {
    return await new Watch(host, standard, seconds * 1000, signal).run();
  } catch (error) {
    return { kind: "troubled", units: [`units cannot be looked at: ${messageOf(error)}`] };
  }
}

class Watch {
  readonly #host: Host;
  readonly #standard: Standard;
  readonly #settleMs: number;
  readonly #signal: AbortSignal;
  readonly #begin: number;
  readonly #seenRunning = new Set<string>();
  readonly #restarts: Restarts;
  /** Since when, without a gap, each transient unit has been seen failed. */
  readonly #failedSince = new Map<string, number>();
  readonly #announced = new Set<string>();
  readonly #wanted: ReadonlyMap<string, readonly string[]>;

  constructor(host: Host, standard: Standard, settleMs: number, signal: AbortSignal) {
    this.#host = host;
    this.#standard = standard;
    this.#settleMs = settleMs;
    this.#signal = signal;
    this.#begin = host.elapsedMs();
    this.#restarts = new Restarts(standard);
    this.#wanted = wantedUnits(host.paths.currentSystem);
  }

  async run(): Promise<Settling> {
    let scope: "all" | "some" = "all";
    for (;;) {
      const findings = await this.#look(scope);
      const wrong = findings.filter(({ kind }) => kind === "wrong");
      if (wrong.length > 0) return troubled(wrong);
      const isQuiet = findings.length === 0 && !this.#isRestless();
      const elapsed = this.#elapsedMs();
      if (this.#signal.aborted) return { kind: "settled" };
      if (isQuiet && elapsed >= this.#settleMs && scope === "all") return { kind: "settled" };
      if (elapsed >= BOUND_MS) return this.#atBound(findings);
      this.#announce(findings);
      // Asking about every unit costs systemd 1 ms for each, so only the last look does it again.
      scope = isQuiet && elapsed + POLL_MS >= this.#settleMs ? "all" : "some";
      const left = isQuiet && scope === "all" ? this.#settleMs - elapsed : POLL_MS;
      await pause(Math.max(0, Math.min(POLL_MS, left)), this.#signal);
    }
  }

  #elapsedMs(): number {
    return this.#host.elapsedMs() - this.#begin;
  }

  async #look(scope: "all" | "some"): Promise<Finding[]> {
    const listed = await patiently(async () => await listAllUnits(this.#host), this.#signal);
    const shown = await patiently(async () => await this.#show(scope, listed), this.#signal);
    const now = new Map(shown.map((unit) => [unit.unit, this.#withWants(unit)]));
    const running = new Set(listed.filter(isRunning).map(({ unit }) => unit));
    for (const unit of running) this.#seenRunning.add(unit);
    const loops = this.#restarts.count(shown, this.#elapsedMs());
    const findings = judgeUnits({
      ...this.#standard,
      now,
      running,
      seenRunning: this.#seenRunning,
      restarted: new Set(this.#restarts.grown()),
    });
    return [...loops, ...this.#transient(findings)];
  }

  #withWants(unit: UnitState): UnitState {
    return { ...unit, wantedBy: [...unit.wantedBy, ...(this.#wanted.get(unit.unit) ?? [])] };
  }

  /** Shows every unit, or only units in an unusual state; and units that should run but are not loaded. */
  async #show(scope: "all" | "some", listed: readonly ListedUnit[]): Promise<UnitState[]> {
    const { baseline, failedJobs } = this.#standard;
    const ranBefore = new Set(baseline.units?.active.map(({ unit }) => unit));
    const blamed = failedJobs.map(({ unit }) => unit);
    const loaded = new Set(listed.map(({ unit }) => unit));
    const wanted = new Set([...ranBefore, ...this.#wantedBy(listed), ...blamed]);
    const absent = [...wanted].filter((unit) => !loaded.has(unit));
    if (scope === "all") return await showAllUnits(this.#host, absent);
    const standOut = listed
      .filter((unit) => !isRunning(unit) || cannotBeLoaded(unit))
      .filter(({ unit, active }) => active !== "inactive" || ranBefore.has(unit))
      .map(({ unit }) => unit);
    const names = new Set([...standOut, ...this.#restarts.grown(), ...absent, ...blamed]);
    return await showUnits(this.#host, [...names]);
  }

  #wantedBy(listed: readonly ListedUnit[]): string[] {
    const running = new Set(listed.filter(isRunning).map(({ unit }) => unit));
    const isWanted = ([, by]: readonly [string, readonly string[]]): boolean =>
      by.some((name) => running.has(name));
    return [...this.#wanted].filter(isWanted).map(([unit]) => unit);
  }

  /** A transient unit, such as the probe of a container, counts only if it stays failed. */
  #transient(findings: readonly Finding[]): Finding[] {
    const failed = findings.filter(({ kind }) => kind === "transient").map(({ unit }) => unit);
    for (const unit of this.#failedSince.keys()) {
      if (!failed.includes(unit)) this.#failedSince.delete(unit);
    }
    const elapsed = this.#elapsedMs();
    for (const unit of failed) {
      if (!this.#failedSince.has(unit)) this.#failedSince.set(unit, elapsed);
    }
    const isLasting = ({ unit, kind }: Finding): boolean =>
      kind === "transient" &&
      elapsed - (this.#failedSince.get(unit) ?? elapsed) >= this.#settlesWithin();
    return findings.map((finding) =>
      isLasting(finding) ? { ...finding, kind: "wrong" } : finding,
    );
  }

  #settlesWithin(): number {
    return Math.max(this.#settleMs, LEAST_MS);
  }

  #isRestless(): boolean {
    const { lastAt } = this.#restarts;
    return lastAt !== null && this.#elapsedMs() - lastAt < this.#settlesWithin();
  }

  #atBound(findings: readonly Finding[]): Settling {
    const late = findings.filter(({ kind }) => kind !== "working");
    if (late.length === 0) return { kind: "settled" };
    return troubled(
      late.map((finding) => ({
        ...finding,
        why: `${finding.why}, after ${BOUND_MS / 1000} s`,
      })),
    );
  }

  #announce(findings: readonly Finding[]): void {
    for (const why of [...findings.map((finding) => finding.why), ...this.#restarts.notes()]) {
      if (this.#announced.has(why)) continue;
      this.#announced.add(why);
      this.#host.say(`keeps watching: ${why}`);
    }
  }
}

function troubled(findings: readonly Finding[]): Settling {
  return { kind: "troubled", units: findings.map(({ why }) => why) };
}
