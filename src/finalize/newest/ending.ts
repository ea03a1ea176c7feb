import { stateEntry } from "../../core/record/journal-entry.ts";
import { owedHook } from "../../core/record/hooks.ts";
import { hasActed } from "../../core/record/can-roll-back.ts";
import { end, type FinalizationRecord, isUnfinished } from "../../core/record/record.ts";
import { isCancellable } from "../../core/states.ts";
import { owesItsEnd } from "../../fleet/part/part-store.ts";
import type { Host } from "../../host/process/host.ts";
import { type Lock, tryLock, waitForLock } from "../../host/process/lock.ts";
import { timeLimit } from "../../host/process/time.ts";
import { updateNotice } from "../../state-dir/notice.ts";
import { findDrivingUnit, hasProcess, isBeingScheduled } from "../../state-dir/owner.ts";
import { pinnedIds, unpin } from "../../state-dir/pins.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { endHooks } from "../hooks/after.ts";
import { noteEnd } from "./note-end.ts";
import { startAgain } from "../runners/stop.ts";
import { stopTimerLeft } from "./timer-left.ts";
import { forgetStopped } from "../runners/stopped.ts";

/** How a finalization ends that its own process does not end. */
interface End {
  readonly state: "superseded" | "failed";
  readonly reason: string;
}

/** Why a record must end now; null if it must not. Asked with its lock held. */
type Judge = (record: FinalizationRecord) => Promise<End | null>;

/**
 * Ends every older finalization that has not started to act and that no process drives. A process
 * that drives one sees itself that a newer one exists.
 *
 * @param self the finalization of this process
 */
export async function supersedeOlder(host: Host, store: RecordStore, self: string): Promise<void> {
  for (const id of pinnedIds(host.paths)) {
    if (id === self || hasProcess(host, store, id)) continue;
    const lock = await tryLock(host, store.recordLockPath(id));
    if (lock === null) continue;
    await endHolding(host, store, lock, { id, stop: NEVER }, async (record) => {
      // Only its own unit ends its hooks: it may have to wait for the turn.
      const isOver = isCancellable(record.state) && owedHook(record) === null;
      return isOver ? await whyOver(host, store, id, self) : null;
    });
  }
}

/** Those that it ends have no hooks to end, so there is nothing to stop. */
const NEVER = new AbortController().signal;

/**
 * The record has been read, so its prepared link was there before. A link that is gone was published
 * or discarded, so `current`, read after that, names it or a newer one.
 */
async function whyOver(
  host: Host,
  store: RecordStore,
  id: string,
  self: string,
): Promise<End | null> {
  if (store.isPrepared(id)) return await whyNeverScheduled(host, store, id);
  const newest = store.newest() ?? self;
  return newest === id ? null : { state: "superseded", reason: `superseded by ${newest}` };
}

/** Its call holds the lock of `schedule` from before the link to the end, unless it was killed. */
async function whyNeverScheduled(host: Host, store: RecordStore, id: string): Promise<End | null> {
  if (isBeingScheduled(host, store)) return null;
  const driver = await findDrivingUnit(host, id);
  if (driver.kind !== "nobody" || !store.isPrepared(id)) return null;
  store.discard(id);
  return { state: "failed", reason: "its schedule was killed before the timer was armed" };
}

/** The finalization of this process, and the signal that asks the process to end. */
interface Own {
  readonly id: string;
  readonly stop: AbortSignal;
}

/** Waits for another process that ends the finalization of this one, in seconds. */
const OTHER_ENDS_WITHIN = 2;

/**
 * Ends the finalization of this process as failed, unless it has started to act.
 *
 * @returns `left` also if it was stopped before all was done: whoever takes the record up does the rest
 */
export async function endUnacted(
  host: Host,
  store: RecordStore,
  own: Own,
  reason: string,
): Promise<"ended" | "left"> {
  return await endOwn(host, store, own, async ({ state }) =>
    isCancellable(state) ? { state: "failed", reason } : null,
  );
}

/** Ends the finalization of this process as failed, whatever it has done. */
export async function endStuck(
  host: Host,
  store: RecordStore,
  own: Own,
  reason: string,
): Promise<"ended" | "left"> {
  return await endOwn(host, store, own, async (record) =>
    isUnfinished(record) ? { state: "failed", reason } : null,
  );
}

async function endOwn(
  host: Host,
  store: RecordStore,
  own: Own,
  judge: Judge,
): Promise<"ended" | "left"> {
  const lock = await waitForLock(host, store.recordLockPath(own.id), timeLimit(OTHER_ENDS_WITHIN));
  return lock === null ? "left" : await endHolding(host, store, lock, own, judge);
}

async function endHolding(
  host: Host,
  store: RecordStore,
  lock: Lock,
  { id, stop }: Own,
  judge: Judge,
): Promise<"ended" | "left"> {
  try {
    const read = await store.read(id);
    if (read.kind !== "record") return "left";
    const { record } = read;
    if (!isUnfinished(record)) {
      // Its end was saved, and what follows it was cut off. One that acted cleans up itself: it may hold a slot.
      // So does one with hooks that have to end.
      if (!hasActed(record) && owedHook(record) === null) await cleanUp(host, store, record);
      return "left";
    }
    const why = await judge(record);
    if (why === null) return "left";
    const ended = end(record, why.state, host.now(), { reason: why.reason });
    store.save(ended);
    const over = await endHooks(host, store, ended, stop);
    // With its pins, somebody takes it up again.
    const isOver = owedHook(over) === null && (await cleanUp(host, store, over)) === "clean";
    await host.journal.announce(stateEntry(ended));
    return isOver ? "ended" : "left";
  } finally {
    await lock.release();
  }
}

/** @returns `owing` if its own process has to tell the group of its rollout: only the pins stay */
async function cleanUp(
  host: Host,
  store: RecordStore,
  ended: FinalizationRecord,
): Promise<"clean" | "owing"> {
  // A process that was killed while it drained runners has left them stopped.
  await startAgain(host, ended.id, ended.stoppedRunners);
  forgetStopped(host, ended.id);
  await stopTimerLeft(host, ended);
  await noteEnd(host, ended);
  const isOwing = await owesItsEnd(store, ended.id);
  if (!isOwing) unpin(host.paths, ended.id);
  updateNotice(host, store, ended);
  return isOwing ? "owing" : "clean";
}
