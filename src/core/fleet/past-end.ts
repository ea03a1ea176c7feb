import { countedFailures, type Failure, type PastRollout } from "./rollout.ts";

/** How a rollout had ended when the next one began. */
export const PAST_ENDS = ["live", "failed", "halted", "superseded"] as const;

export interface PastEnd {
  /** `superseded`: it was on its way. */
  readonly kind: (typeof PAST_ENDS)[number];
  /** For `failed`: the failures that made it so. */
  readonly blamed: readonly Failure[];
}

export function endOfPast(past: PastRollout): PastEnd {
  const { live, members, halt, failures, isOver = false } = past;
  if (halt !== null) return { kind: "halted", blamed: [] };
  // A host that failed may have become live later.
  if (live === members) return { kind: "live", blamed: [] };
  // On its way, a failure that was forgiven is not the fault of the commit; at the end, a host does not run it.
  const blamed = isOver ? failures : countedFailures(past);
  if (blamed.length > 0) return { kind: "failed", blamed };
  return { kind: isOver ? "live" : "superseded", blamed: [] };
}
