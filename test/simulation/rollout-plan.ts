import type { EtcdPlan } from "./host/etcd.ts";
import type { RestOfGroup } from "./host/rest-of-group.ts";
import type { Random } from "./kernel/random.ts";

/** What a host that takes part in rollouts is configured with, and what happens to them. */
export interface RolloutPlan extends EtcdPlan, RestOfGroup {
  readonly wave: number;
  /** Seconds. */
  readonly soak: number;
  readonly maxFailures: number;
  /** Whether each deploy is a rollout of its own. */
  readonly rollouts: "each its own" | "one";
}

export function rolloutOf(random: Random, oneIn: number): RolloutPlan | null {
  if (!random.oneIn(oneIn)) return null;
  const moment = (): number => random.pick([0, 100, 1000, 1200, 1500, 4000]) + random.below(400);
  const downFrom = random.oneIn(2) ? moment() : 0;
  const canary = random.pick<RolloutPlan["canary"]>([
    "none",
    "live",
    "live",
    "fails",
    "does not take part",
  ]);
  return {
    canary,
    wave: canary === "none" ? 0 : 1,
    joinsAfter: random.pick([0, 50, 2000]),
    endsAfter: random.pick([0, 500, 5000]),
    haltsAt: random.oneIn(3) ? 1000 + moment() : 0,
    resumesAfter: random.pick([10, 1500, 30_000]),
    soak: random.pick([0, 1, 3]),
    maxFailures: random.pick([1, 1, 2]),
    rollouts: random.pick(["each its own", "one"]),
    downFrom,
    downUntil: downFrom + random.pick([0, 0, 300, 5000, 20_000]),
    lostAnswer: random.pick([0, 0, 1, 2, 3, 4, 5, 6]),
    whenLost: random.pick(["at once", "late"]),
  };
}

/** In seconds: so long a host waits for another one that does not take part. */
const JOIN_WITHIN = 20;

/** The part of the configuration. */
export function fleetConfigOf({ wave, soak, maxFailures }: RolloutPlan): object {
  return { wave, soak, maxFailures, joinWithin: JOIN_WITHIN, onMissing: "go-on-without" };
}
