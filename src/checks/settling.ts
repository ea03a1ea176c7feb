import { messageOf } from "../core/refusal.ts";
import {
  countRestarts,
  type FailedUnits,
  listTroubled,
  type Restarts,
  type UnitTrouble,
} from "../host/failed-units.ts";
import type { Host } from "../host/host.ts";
import { pause } from "../host/pause.ts";
import { matchesGlob } from "./glob.ts";

/** Which units' trouble is not the deploy's. */
export interface Excused {
  readonly baseline: FailedUnits;
  /** Globs. */
  readonly ignored: readonly string[];
}

export type Settling =
  | { readonly kind: "settled" }
  /** What is wrong, one line for each unit. */
  | { readonly kind: "troubled"; readonly units: readonly string[] };

const POLL_MS = 500;

/** One restart may be a service that came up before what it needs; two are a loop. */
const LOOP = 2;

/** Units in trouble now that were not before and are not ignored. */
export function newFailures(now: readonly UnitTrouble[], excused: Excused): UnitTrouble[] {
  return now.filter(({ unit }) => !isExcused(unit, excused));
}

/** By how many restarts each unit has grown, less what is excused. A count that fell began anew. */
export function newRestarts(
  before: Restarts,
  now: Restarts,
  excused: Excused,
): Map<string, number> {
  const grown = [...now].map(([unit, count]): [string, number] => {
    const last = before.get(unit) ?? 0;
    return [unit, count < last ? count : count - last];
  });
  return new Map(grown.filter(([unit, by]) => by > 0 && !isExcused(unit, excused)));
}

function isExcused(unit: string, { baseline, ignored }: Excused): boolean {
  return (
    baseline.some((known) => known.unit === unit) || ignored.some((glob) => matchesGlob(glob, unit))
  );
}

/**
 * Watches units after acting, and ends as soon as one has failed or has restarted
 * itself twice. One that restarted itself once, or is about to, is watched for the same
 * time again: it must get through that without another restart.
 *
 * @param seconds the settling time; 0 takes one look
 */
export async function watchSettling(
  host: Host,
  excused: Excused,
  seconds: number,
  signal: AbortSignal,
): Promise<Settling> {
  try {
    const before = await patiently(async () => await countRestarts(host), signal);
    const first = await watchOnce(host, excused, seconds, before, signal);
    if (first.kind === "troubled") return first;
    if (first.restless.length === 0) return { kind: "settled" };
    host.say(`watches ${first.restless.join(", ")} on: restarted`);
    const second = await watchOnce(host, excused, seconds, first.restarts, signal);
    if (second.kind === "troubled") return second;
    const loops = second.restless.filter((unit) => first.restless.includes(unit));
    return settlingOf(loops.map((unit) => `${unit} restarts again and again`));
  } catch (error) {
    return { kind: "troubled", units: [`units cannot be looked at: ${messageOf(error)}`] };
  }
}

type Watch =
  | { readonly kind: "troubled"; readonly units: readonly string[] }
  | { readonly kind: "over"; readonly restless: readonly string[]; readonly restarts: Restarts };

async function watchOnce(
  host: Host,
  excused: Excused,
  seconds: number,
  before: Restarts,
  signal: AbortSignal,
): Promise<Watch> {
  const end = host.elapsedMs() + seconds * 1000;
  for (;;) {
    const isLast = host.elapsedMs() >= end || signal.aborted;
    const troubled = newFailures(
      await patiently(async () => await listTroubled(host), signal),
      excused,
    );
    const failed = troubled.filter(({ kind }) => kind === "failed");
    if (failed.length > 0) return failedUnits(failed);
    const restarting = troubled.map(({ unit }) => unit);
    // Counting asks about every service, so in between only about those that stand out.
    const counted = isLast ? undefined : restarting;
    const restarts = await patiently(async () => await countSome(host, counted), signal);
    const grown = newRestarts(before, restarts, excused);
    const loops = [...grown].filter(([, by]) => by >= LOOP);
    if (loops.length > 0) return loopingUnits(loops);
    if (isLast) {
      const restless = [...new Set([...restarting, ...grown.keys()])];
      return { kind: "over", restless, restarts };
    }
    const rest = Math.max(0, Math.min(POLL_MS, end - host.elapsedMs()));
    await pause(rest, signal);
  }
}

async function countSome(host: Host, units: readonly string[] | undefined): Promise<Restarts> {
  return units?.length === 0 ? new Map() : await countRestarts(host, units);
}

function failedUnits(units: readonly UnitTrouble[]): Watch {
  return { kind: "troubled", units: units.map(({ unit }) => `${unit} failed`) };
}

function loopingUnits(units: readonly [string, number][]): Watch {
  const lines = units.map(([unit, by]) => `${unit} restarted itself ${by} times`);
  return { kind: "troubled", units: lines };
}

function settlingOf(units: readonly string[]): Settling {
  return units.length === 0 ? { kind: "settled" } : { kind: "troubled", units };
}

/** A switch may have started systemd anew: it does not answer for a moment. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= 10 || signal.aborted) throw error;
      await pause(POLL_MS, signal);
    }
  }
}
