import { lstatSync } from "node:fs";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Weighed } from "../schedule.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/**
 * The finalization whose end left the profile as it is; null if a deploy has set the profile since.
 * A deploy makes the link of the profile anew, also for the same system. So the running system was
 * not deployed, and to finalize it would end the alert, the notice and the slot of what was rejected.
 *
 * @param running the target of the profile, which is the running system
 */
export function rejectedBefore(
  newest: FinalizationRecord | null,
  profile: string,
  running: string,
): FinalizationRecord | null {
  if (newest === null || newest.profile !== profile || newest.target === running) return null;
  // Its end is about to leave the profile so.
  if (newest.state === "rolling-back") return newest;
  if (newest.state !== "failed" && newest.state !== "rolled-back") return null;
  const endedAt = newest.timeline.at(-1)?.at;
  const setAt = lstatSync(profile, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return endedAt !== undefined && setAt <= Date.parse(endedAt) ? newest : null;
}

/** The target if it is the running system, perhaps as its specialisation. */
export function runningTarget({
  target,
  systems,
}: Pick<Weighed, "target" | "systems">): string | null {
  const { current, target: activated } = systems;
  return current.toplevel === activated.toplevel ? target : null;
}

/** @throws Refusal if nothing was deployed since the last finalization was rejected */
export async function requireDeployed(
  store: RecordStore,
  profile: string,
  running: string,
): Promise<void> {
  const rejected = rejectedBefore(await store.readNewest(), profile, running);
  if (rejected === null) return;
  const { id, state, target } = rejected;
  const reason = rejected.outcome?.reason ?? "its record does not say why";
  const since =
    state === "rolling-back"
      ? `${id} is rolling back`
      : `nothing was deployed since ${id} ended as ${state} (${reason})`;
  throw new Refusal([
    `${since}, and the profile is the running system. Nothing was scheduled, and nothing was changed.`,
    `to try ${target} again: deploy-finalize retry ${id}`,
  ]);
}
