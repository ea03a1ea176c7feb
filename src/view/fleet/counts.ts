import type { FleetHostJson, FleetJson, RolloutJson, WaveJson } from "../../json/fleet.ts";

/** How a host is counted, each in one way only: in the order of the bars and texts. */
export const STANDINGS = [
  "live",
  "failed",
  "soaking",
  "acting",
  "waiting",
  "left out",
  "cancelled",
  "not joined",
] as const;
export type Standing = (typeof STANDINGS)[number];

/** A mark counts more than the state: a host that ended may have a newer finalization of the same rollout. */
export function standingOf({ done, state }: FleetHostJson): Standing {
  if (done === "live" || done === "failed") return done;
  if (state === "not-joined") return done === "without" ? "left out" : "not joined";
  return state === "left" ? "cancelled" : state;
}

export type Counts = Readonly<Record<Standing, number>>;

const NONE: Counts = {
  live: 0,
  failed: 0,
  soaking: 0,
  acting: 0,
  waiting: 0,
  "left out": 0,
  cancelled: 0,
  "not joined": 0,
};

export function countsOf(hosts: readonly FleetHostJson[]): Counts {
  const counts = { ...NONE };
  for (const host of hosts) counts[standingOf(host)] += 1;
  return counts;
}

/** `3 of 8 live, 1 failed, 4 waiting` */
export function countsInWords(hosts: readonly FleetHostJson[]): string {
  const { live, ...others } = countsOf(hosts);
  const more = STANDINGS.flatMap((one) =>
    one === "live" || others[one] === 0 ? [] : [`${others[one]} ${one}`],
  );
  return [`${live} of ${hosts.length} live`, ...more].join(", ");
}

export function allHosts({ waves }: Pick<FleetJson, "waves">): FleetHostJson[] {
  return (waves ?? []).flatMap(({ hosts }) => hosts);
}

/** The lowest wave that the waves above it wait for; null if all are complete. */
export function currentWave({ waves }: Pick<FleetJson, "waves">): WaveJson | null {
  return waves?.find(({ isComplete }) => !isComplete) ?? null;
}

/** `1 of 4 waves complete, 31 of 50 hosts live`; after `halted` or `complete` if it is. */
export function progressInWords({ rollout, waves }: Pick<FleetJson, "rollout" | "waves">): string {
  const all = waves ?? [];
  const hosts = allHosts({ waves });
  const complete = all.filter(({ isComplete }) => isComplete).length;
  const isHalted = rollout !== null && rollout.halt !== null;
  return [
    ...(isHalted ? ["halted"] : []),
    ...(complete < all.length ? [`${complete} of ${all.length} waves complete`] : []),
    ...(complete === all.length && !isHalted ? ["complete"] : []),
    `${countsOf(hosts).live} of ${hosts.length} hosts live`,
  ].join(", ");
}

/** How a rollout goes for somebody who follows it. */
export type Course =
  | "none"
  | "unknown"
  | "goes-on"
  | "complete"
  /** All have ended, and some have failed: maxFailures allowed it, or somebody forgave it. */
  | "ended-with-failures"
  | "halting"
  | "halted";

/** Halting: it is halted, and what has begun has not ended. */
export function courseOf(fleet: FleetJson): Course {
  const { rollout, unknown } = fleet;
  if (unknown !== null) return "unknown";
  if (rollout === null) return "none";
  if (rollout.halt === null) {
    if (currentWave(fleet) !== null) return "goes-on";
    return countsOf(allHosts(fleet)).failed === 0 ? "complete" : "ended-with-failures";
  }
  return allHosts(fleet).some(isMoving) ? "halting" : "halted";
}

export function isMoving(host: FleetHostJson): boolean {
  const standing = standingOf(host);
  return standing === "acting" || standing === "soaking";
}

/** A revision as git shows it; another name as it is. */
export function shortName({ name }: Pick<RolloutJson, "name">): string {
  return /^[0-9a-f]{40,64}$/.test(name) ? name.slice(0, 12) : name;
}
