import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal } from "../../src/core/states.ts";
import { Host, type ToplevelSpec } from "../test-host/host.ts";
import type { Job } from "../test-host/runner.ts";
import { newestRecord } from "./deploying.ts";
import { deployJob, drainingSpec, drainsUnit, killsUnit } from "./draining.ts";

/** `drained`: the runner's stop is a drain. `looked-at`: it ends the job, so there is only the look. */
export type Way = "drained" | "looked-at";

export interface Race {
  /** Seconds between the two pushes. */
  readonly apart: number;
  readonly killed: number;
  /** Whether the newer of the two deploys is live at the end. */
  readonly end: "newest-live" | "other";
}

export interface Pairs {
  readonly pairs: number;
  /** From 0 to 1, of the longest time between the two pushes. */
  readonly offset: () => number;
  readonly told?: (race: Race) => void;
}

/** Has a runner deploy a toplevel; the answer waits until the job is over. */
export type Push = (toplevel: string) => Promise<() => Promise<"ended" | "killed">>;

const MOST_APART_SECONDS = 3;
const DEADLINE = { deadlineMs: 240_000 };

/** Pairs of pushes to one host; each deploys another definition of the runner than the one before. */
export async function racePairs(
  host: Host,
  targets: readonly string[],
  push: Push,
  { pairs, offset, told = () => {} }: Pairs,
): Promise<readonly Race[]> {
  const races: Race[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const of = (which: number): string => targets[(2 * pair + which) % targets.length] ?? "";
    const apart = offset() * MOST_APART_SECONDS;
    const first = await push(of(0));
    await sleep(apart * 1000);
    const second = await push(of(1));
    const ends = [await first(), await second()];
    const isOver = async (): Promise<boolean> => isTerminal((await newestRecord(host)).state);
    await host.until("the newest finalization has ended", isOver, DEADLINE);
    const isNewest = (await host.facts()).current === of(1);
    const killed = ends.filter((end) => end === "killed").length;
    const one: Race = { apart, killed, end: isNewest ? "newest-live" : "other" };
    races.push(one);
    told(one);
  }
  return races;
}

/** As measured with real parts, in seconds: each definition clones before the first child of a job. */
const FETCH = [0, 0.13, 0.5, 1, 2];
const REPORT = 0.5;

function specOf(way: Way, runner: number): ToplevelSpec {
  const drains = way === "drained";
  const times = { fetch: FETCH[runner] ?? 0, report: REPORT };
  const unit = drains ? drainsUnit(times) : killsUnit(times);
  const spec = { runner: String(runner), label: `r${runner}` };
  return drainingSpec(spec, { drainRunners: drains }, unit);
}

/** Pairs on a host of their own, with the stand-in for a runner. */
export async function race(way: Way, pairs: Pairs): Promise<readonly Race[]> {
  await using host = await Host.boot({ name: `races-${way}`, baseline: specOf(way, 0) });
  const targets = await Promise.all(
    [1, 2, 3, 4].map(async (runner) => await host.buildToplevel(specOf(way, runner))),
  );
  const push: Push = async (toplevel) => {
    const id = await host.queueJob(deployJob(toplevel, "sleep 0.2"));
    return async () => (wasKilled(await host.jobEnded(id, DEADLINE)) ? "killed" : "ended");
  };
  return await racePairs(host, targets, push, pairs);
}

function wasKilled({ state, exitCode }: Job): boolean {
  return state === "lost" || exitCode !== 0;
}

export function inWords(way: string, races: readonly Race[]): string {
  const killed = races.reduce((sum, one) => sum + one.killed, 0);
  const live = races.filter(({ end }) => end === "newest-live").length;
  return `${way}: ${races.length} racing pairs of pushes, ${killed} jobs killed, the newest deploy live in ${live}`;
}

/** Says what went wrong in a pair. */
export function complain(way: string, { apart, killed, end }: Race): void {
  if (killed === 0 && end === "newest-live") return;
  console.log(`${way}, ${apart.toFixed(3)} s apart: ${killed} jobs killed, ${end}`);
}

export function isGood(races: readonly Race[]): boolean {
  return races.every(({ killed, end }) => killed === 0 && end === "newest-live");
}
