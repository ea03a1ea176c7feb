import type { EtcdCluster } from "../../../test/fleet/etcd-cluster.ts";
import type { Fleet, Played } from "./fleet.ts";
import type { Requests } from "./requests.ts";

/** Where a fleet is played. */
export interface Place {
  readonly cluster: EtcdCluster;
  readonly requests: Requests;
}

export interface Figure {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
}

export const WAVES = 5;

/** Seconds in which etcd has to answer: the default of `lock.timeout`, and less if members are killed. */
export const PATIENT = 10;
export const IMPATIENT = 2;

/** No fleet takes half as long. */
export const STUCK_AFTER_MS = 1_800_000;

export function fleetOf(hosts: number, more: Partial<Fleet> = {}): Fleet {
  return {
    members: "known",
    waves: Array.from({ length: WAVES }, () => hosts / WAVES),
    spreadMs: 100,
    actMs: 200,
    soakMs: 200,
    retry: 1,
    crash: 0,
    maxFailures: 1,
    joinWithin: 3600,
    onMissing: "halt",
    ...more,
  };
}

export function hostsOf({ waves }: Fleet): number {
  return waves.reduce((sum, count) => sum + count, 0);
}

/** The time to all live over the sum of what the waves take. */
export function timesIdeal({ actMs, soakMs }: Fleet, { ms }: Played): number {
  return ms / (WAVES * (actMs + soakMs));
}

export function brokenIn({ oracle }: Played): number {
  return oracle.count(oracle.of("bad"), "failed");
}

/** The most hosts of wave 0 that were under way at once, and maxFailures. */
export function boundOf(fleet: Fleet, { oracle }: Played): number {
  return oracle.mostUnderWay(oracle.of("bad"), 0) + fleet.maxFailures;
}

/** Prints what was measured. */
export function say(what: string, fleet: Fleet, played: Played): void {
  const { ms, requests, crashes, oracle } = played;
  const hosts = hostsOf(fleet);
  const times = `${(ms / 1000).toFixed(1)} s`;
  const perHost = `${(requests / hosts).toFixed(1)} requests a host`;
  const perSecond = `${((requests / ms) * 1000).toFixed(0)} a second`;
  const more = [
    ...(crashes > 0 ? [`${crashes} crashes`] : []),
    ...(brokenIn(played) > 0 ? [`${brokenIn(played)} broken`] : []),
  ];
  console.log([`${what}, ${hosts} hosts: ${times}`, perHost, perSecond, ...more].join(", "));
  for (const violation of oracle.violations) console.log(`  VIOLATION: ${violation}`);
}

export function promises(all: readonly Played[], what: string): Figure {
  const measured = all.reduce((sum, { oracle }) => sum + oracle.violations.length, 0);
  return { what: `broken promises, ${what}`, measured, limit: 0 };
}
