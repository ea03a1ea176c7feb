import * as v from "valibot";
import type { Rollout } from "./rollout.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const countsSchema = v.object({
  /** The waves of all hosts that are known. */
  waves: count,
  /** The number of waves that are complete. */
  complete: count,
  members: count,
  live: count,
});

/** How far the group is, in numbers. */
export type Counts = Readonly<v.InferOutput<typeof countsSchema>>;

export interface Progress extends Counts {
  readonly rollout: Rollout;
}

/** So many steps a rollout is reported in, beside its waves: one for each 5 % of its hosts. */
const STEPS = 20;

/** How many steps so many of the hosts are. */
export function stepsOf(hosts: number, members: number): number {
  return members === 0 ? 0 : Math.floor((hosts * STEPS) / members);
}
