import type { Config } from "../core/config/config.ts";
import { eventEntry } from "../core/record/journal-entry.ts";
import { isRollingOrFallingBack } from "../core/machine/overtaken.ts";
import { readBootId } from "../host/nixos/systems.ts";
import { configForTarget } from "../host/nixos/target-config.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import { drive } from "../core/machine/loop.ts";
import { type FinalizationRecord, isUnfinished } from "../core/record/record.ts";
import { Refusal } from "../core/refusal.ts";
import { owesItsEnd } from "../fleet/part/part-store.ts";
import { Interpreter } from "./interpreter.ts";
import type { Host } from "../host/process/host.ts";
import { waitForLock } from "../host/process/lock.ts";
import { finalizationContext } from "./context.ts";
import { hasProcess } from "../state-dir/owner.ts";
import { pinnedIds, unpin } from "../state-dir/pins.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { writeWaitingNote } from "../state-dir/waiting-note.ts";
import { supersedeOlder } from "./newest/ending.ts";
import { publishIfArmed } from "./newest/unarmed.ts";
import { RolloutEnd } from "./rollout/rollout-end.ts";
import { startRunnersOfLost } from "./runners/lost-record.ts";

/** Another process drives the finalization: this one has nothing to do. */
export class AlreadyRunning extends Refusal {
  constructor(id: string) {
    super(`another process is running finalization ${id} already`);
  }
}

/**
 * Drives a finalization to its end, or until a reboot or a signal suspends it.
 *
 * @param patience how long to wait for another process that drives it, or that ends it
 * @returns the record after that
 * @throws Refusal if the record is missing, broken or driven by another process
 */
export async function finalize(
  host: Host,
  store: RecordStore,
  config: Config,
  id: string,
  stop: AbortSignal,
  patience: AbortSignal,
): Promise<FinalizationRecord> {
  const known = await readOrRefuse(host, store, id);
  // Before the lock: what cannot be read must not keep it.
  const forTarget = configForTarget(config, known.target);
  const lock = await waitForLock(host, store.recordLockPath(id), AbortSignal.any([stop, patience]));
  if (lock === null) throw new AlreadyRunning(id);
  const { lost } = lock;
  const context = finalizationContext(known, { host, store, config: forTarget, stop, lost });
  try {
    // A process that was killed leaves its last note.
    writeWaitingNote(store, id, null);
    // Read again: it may have ended before this process took the lock.
    const record = await readUsable(host, store, id);
    // An ended finalization with pins was killed before its clean-up.
    if (!isUnfinished(record) && !pinnedIds(host.paths).includes(id)) {
      // A former version of this program, which knew no rollouts, has ended it.
      if (await owesItsEnd(store, id)) await new RolloutEnd(context).settle(record);
      return record;
    }
    if (isUnfinished(record)) await publishIfArmed(host, store, record);
    await supersedeOlder(host, store, id);
    await host.report?.takenUp(record);
    const last = await drive(record, new Interpreter(context));
    // Not asked to stop: the next try waits for whoever has the lock now.
    context.requireLocks();
    return last;
  } catch (error) {
    if (error instanceof UnusableRecord) await startRunnersOfLost(host, id);
    throw error;
  } finally {
    // A lock that is still held would keep this process alive, and so would a request that is repeated.
    await context.turn.release();
    context.rollout.end();
    writeWaitingNote(store, id, null);
    await lock.release();
  }
}

/** Nobody can drive the finalization with it. */
class UnusableRecord extends Refusal {}

/**
 * @throws Refusal if there is no usable record: renames a broken one and removes its pins, so that
 * the next boot does not try again. A newer program's record stays as it is, unless it only needs
 * the previous system back. The runners that it has stopped work again, unless a process drives it.
 */
export async function readOrRefuse(
  host: Host,
  store: RecordStore,
  id: string,
): Promise<FinalizationRecord> {
  try {
    return await readUsable(host, store, id);
  } catch (error) {
    const isLost = error instanceof UnusableRecord && !hasProcess(host, store, id);
    if (isLost) await startRunnersOfLost(host, id);
    throw error;
  }
}

async function readUsable(host: Host, store: RecordStore, id: string): Promise<FinalizationRecord> {
  const read = await store.read(id);
  switch (read.kind) {
    case "record":
      return read.record;
    case "missing":
      // No reason to drop its pins: this may be another state folder than that of the finalization.
      throw store.setAside().includes(id)
        ? new UnusableRecord(`the record of ${id} in ${store.folder} was set aside`)
        : new Refusal(`there is no finalization ${id} in ${store.folder}`);
    case "newer": {
      const { record } = read;
      const now = {
        bootId: readBootId(host.paths),
        booted: toplevelAt(host.paths.bootedSystem),
      };
      if (record !== null && isRollingOrFallingBack(record, now)) return record;
      throw new UnusableRecord(
        `the record of ${id} cannot be used: ${read.why}. It stays as it is, with its systems ` +
          `pinned. Run a deploy-finalize of that version, or deploy again`,
      );
    }
    case "broken": {
      const aside = store.quarantine(id);
      unpin(host.paths, id);
      const why = `the record of ${id} cannot be used (${read.why}); it was renamed to ${aside}`;
      await host.journal.leave(eventEntry("record-broken", id, why));
      throw new UnusableRecord(why);
    }
  }
}
