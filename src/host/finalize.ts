import type { Config } from "../core/config.ts";
import { eventEntry } from "../core/journal-entry.ts";
import { drive } from "../core/drive.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { isUnfinished } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { Interpreter } from "./effects.ts";
import type { Host } from "./host.ts";
import { tryLock } from "./lock.ts";
import { meansFor } from "./means.ts";
import { pinnedIds, unpin } from "./pins.ts";
import type { RecordStore } from "./store.ts";
import { supersedeOlder } from "./superseding.ts";
import { writeWaitingNote } from "./waiting-note.ts";

/** Another process drives the finalization: there is nothing to do for this one, now or later. */
export class AlreadyRunning extends Refusal {
  constructor(id: string) {
    super(`another process is running finalization ${id} already`);
  }
}

/**
 * Takes a finalization up and drives it on: what `run` and `resume` both do.
 *
 * @returns the record as it was left: ended, or suspended by a reboot
 * @throws Refusal where the record is missing, broken or driven by another process
 */
export async function finalize(
  host: Host,
  store: RecordStore,
  config: Config,
  id: string,
  stop: AbortSignal,
): Promise<FinalizationRecord> {
  const known = await readOrRefuse(host, store, id);
  const lock = await tryLock(host, store.lockPath(id));
  if (lock === null) throw new AlreadyRunning(id);
  const means = meansFor(known, { host, store, config, stop });
  try {
    // One that was killed has left its last note behind.
    writeWaitingNote(store, id, null);
    // Read again: it may have ended between the first look and the lock.
    const record = await readOrRefuse(host, store, id);
    // One that has ended but holds pins was killed before it had tidied up.
    if (!isUnfinished(record) && !pinnedIds(host.paths).includes(id)) return record;
    await supersedeOlder(host, store, store.newest() ?? id);
    await host.report?.takenUp(record);
    return await drive(record, new Interpreter(means));
  } finally {
    // What holds the lock keeps us alive.
    await means.turn.release();
    writeWaitingNote(store, id, null);
    await lock.release();
  }
}

/**
 * @throws Refusal where there is no record, or none that can be used: that one is set
 * aside. The pins go too, so that the next boot does not come back to it.
 */
export async function readOrRefuse(
  host: Host,
  store: RecordStore,
  id: string,
): Promise<FinalizationRecord> {
  const read = await store.read(id);
  switch (read.kind) {
    case "record":
      return read.record;
    case "missing":
      unpin(host.paths, id);
      throw new Refusal(`there is no finalization ${id} in ${store.folder}`);
    case "broken": {
      const aside = store.quarantine(id);
      unpin(host.paths, id);
      const why = `the record of ${id} cannot be used (${read.why}); set aside as ${aside}`;
      // Whoever is shown the refusal reads it there; the journal is for those who look later.
      await host.journal.leave(eventEntry("record-broken", id, why));
      throw new Refusal(why);
    }
  }
}
