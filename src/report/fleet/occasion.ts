import { stepsOf } from "../../core/fleet/progress.ts";
import type { RolloutSeen } from "../../core/fleet/seen.ts";
import type { RolloutNote } from "../../state-dir/rollout-note.ts";

/** What this host has seen, with its notes before and after. */
export interface Looked {
  /** Null for the first look. */
  readonly before: RolloutNote | null;
  readonly after: RolloutNote;
  readonly seen: RolloutSeen;
}

/**
 * Whether this host posts the status of the group: it does if it changed the rollout itself, so that each
 * change is posted by one host. Of the ends of hosts, only a wave and each 5 % of the hosts are posted.
 */
export function isOccasion({ before, after, seen }: Looked, hostName: string): boolean {
  if (seen.rollout === null) return false;
  if (seen.own === null) return true;
  return (
    isStartedBy(hostName, before, after) ||
    isHaltedBy(hostName, before, after) ||
    passesStep(before, after, seen)
  );
}

export function isStartedBy(
  hostName: string,
  before: RolloutNote | null,
  { rollout }: RolloutNote,
): boolean {
  return rollout.startedBy === hostName && before?.rollout.seq !== rollout.seq;
}

function isHaltedBy(
  hostName: string,
  before: RolloutNote | null,
  { rollout: { seq, halt } }: RolloutNote,
): boolean {
  if (halt?.by !== hostName) return false;
  return before?.rollout.seq !== seq || before.rollout.halt?.at !== halt.at;
}

function passesStep(
  before: RolloutNote | null,
  { rollout }: RolloutNote,
  { own, counts }: RolloutSeen,
): boolean {
  if (own === null || counts === null || (own.state !== "live" && own.state !== "failed")) {
    return false;
  }
  const { members, live, complete, waves } = counts;
  const known = before?.rollout.seq === rollout.seq ? before.counts : null;
  // Lower waves were complete before. Without counts of before, the waves are taken as numbered without gaps.
  const completeBefore = known?.complete ?? own.wave;
  if (complete > completeBefore || live === members || complete === waves) return true;
  // Those that fail in a halted rollout had begun before: its status is posted by the host that halts it.
  if (own.state === "failed" && rollout.halt !== null) return false;
  const of = own.state === "live" ? live : rollout.failures.length;
  return stepsOf(of, members) > stepsOf(of - 1, members);
}
