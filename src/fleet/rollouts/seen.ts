import type { Counts, Progress } from "../../core/fleet/progress.ts";
import type { MemberState, Rollout } from "../../core/fleet/rollout.ts";
import type { RolloutSeen } from "../../core/fleet/seen.ts";
import type { Admission, Self, Told } from "./rollout-server.ts";

type Who = Pick<Self, "rollout" | "wave">;

/** What a gate has seen; null for nothing. */
export function seenAtGate(
  group: string,
  { rollout: name, wave }: Who,
  admission: Admission,
): RolloutSeen | null {
  if (admission.kind === "unknown") return null;
  const { rollout } = admission;
  const part =
    admission.kind === "admitted"
      ? ({ state: "acting", because: null } as const)
      : ({ state: "waiting", because: admission.because } as const);
  return { group, rollout, counts: null, own: { rollout: name, wave, ...part } };
}

/** What a host has seen that told its new state; null if it is unknown whether the group knows it. */
export function seenAtEnd(
  group: string,
  { rollout: name, wave }: Who,
  state: MemberState,
  told: Told,
): RolloutSeen | null {
  if (told.kind === "unknown") return null;
  const progress = told.kind === "told" ? told.progress : null;
  return {
    group,
    rollout: progress?.rollout ?? null,
    counts: progress === null ? null : countsOf(progress),
    own: { rollout: name, wave, state, because: null },
  };
}

/** What an operator has seen who halted or resumed the rollout. */
export function seenByOperator(group: string, rollout: Rollout): RolloutSeen {
  return { group, rollout, counts: null, own: null };
}

function countsOf({ waves, complete, members, live }: Progress): Counts {
  return { waves, complete, members, live };
}
