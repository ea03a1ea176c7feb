import type { Counts } from "./progress.ts";
import type { MemberState, Rollout } from "./rollout.ts";

/** Why a host waits in a rollout. */
export const HELD_BECAUSE = ["wave", "missing", "halted", "superseded"] as const;
export type HeldBecause = (typeof HELD_BECAUSE)[number];

/** What a host has just seen of the rollout of its group, for the reports and the metrics. */
export interface RolloutSeen {
  readonly group: string;
  /** The rollout of the group; null if the answer did not say: the last one that was seen stays. */
  readonly rollout: Rollout | null;
  /** Null if the answer did not count. */
  readonly counts: Counts | null;
  /** This host; null for an act of an operator. */
  readonly own: OwnPart | null;
}

/** The part of this host in the rollout that it joined last. */
export interface OwnPart {
  /** The name of the rollout. */
  readonly rollout: string;
  readonly wave: number;
  readonly state: MemberState;
  /** Why it waits; null if it does not. */
  readonly because: HeldBecause | null;
}
