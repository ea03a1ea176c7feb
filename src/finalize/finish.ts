import { type ReleasedHold, releaseOutdatedHold } from "../boot/boot-default.ts";
import type { RecordedHook } from "../core/record/hooks.ts";
import { type FinalizationRecord, isUnfinished, putsRebootOff } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/process/host.ts";
import { pinnedIds, unpin } from "../state-dir/pins.ts";
import { type FinalizationContext, SUSPENDED, type Suspended } from "./context.ts";
import { noteEnd } from "./newest/note-end.ts";
import { stopTimerLeft } from "./newest/timer-left.ts";
import type { RolloutEnd } from "./rollout/rollout-end.ts";
import { startAgain } from "./runners/stop.ts";
import { forgetStopped } from "./runners/stopped.ts";

/**
 * Cleans up after a finalization that has ended; a process that was killed in it does it again. At last it tells
 * the group of its rollout, which may take the time of a soak: nobody waits for that here.
 */
export async function finish(
  { host, store, turn, slots, stop }: FinalizationContext,
  record: FinalizationRecord,
  rolloutEnd: RolloutEnd,
): Promise<Suspended> {
  if (isUnfinished(record)) return SUSPENDED;
  await rolloutEnd.begin(record);
  await startAgain(host, record.id, record.stoppedRunners);
  forgetStopped(host, record.id);
  await stopTimerLeft(host, record);
  await releaseHold(host, record);
  // Others may act now. The pins stay until the slot is given back, so that the next boot can do it.
  await turn.release();
  if (!(await slots.settle(record))) return SUSPENDED;
  // Known only since its hooks have ended.
  if (record.hooks.some(hasFailed)) await host.report?.measured(record);
  // Reported again, in case that failed before: without pins nothing tries again.
  await noteEnd(host, record, stop);
  await host.report?.settled(record, stop);
  // With the pins, so that whoever takes the end up again does it.
  if (putsRebootOff(record)) await host.scheduleReboot?.(record);
  if (!(await rolloutEnd.settle(record))) return SUSPENDED;
  unpin(host.paths, record.id);
  store.prune(() => pinnedIds(host.paths));
  return SUSPENDED;
}

function hasFailed({ problems }: RecordedHook): boolean {
  return problems.length > 0;
}

/** Another activation may have ended the finalization before it could commit or restore the boot default. */
async function releaseHold(
  host: Host,
  { profile, target, previous, rebootAskedInBoot }: FinalizationRecord,
): Promise<void> {
  if (rebootAskedInBoot === null) return;
  const held = { profile, toplevel: target, other: previous };
  const hold = await releaseOutdatedHold(host, held).catch(asProblem);
  switch (hold.kind) {
    case "nothing-outdated":
      return;
    case "released":
      host.say(`the next boot starts ${hold.installed}, which was installed meanwhile`);
      return;
    case "problem":
      host.say(`the next boot starts ${previous ?? "the system before"}: ${hold.problem}`);
  }
}

function asProblem(error: unknown): ReleasedHold {
  return { kind: "problem", problem: messageOf(error) };
}
