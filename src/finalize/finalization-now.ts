import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { end, type FinalizationRecord, isReplacedBy } from "../core/record/record.ts";
import { owedHook } from "../core/record/hooks.ts";
import { isCancellable, isTerminal } from "../core/states.ts";
import { type Driver, findDriver, hasProcess } from "../state-dir/owner.ts";
import type { Host } from "../host/process/host.ts";
import type { ReadRecord, RecordStore } from "../state-dir/store.ts";
import { readWaitingNote, type WaitingNote } from "../state-dir/waiting-note.ts";

export interface FinalizationNow {
  readonly record: FinalizationRecord;
  /** What its process waits for; null if no process drives it or it waits for nothing. */
  readonly waiting: WaitingNote | null;
}

export type ReadNow =
  | ({ readonly kind: "record" } & FinalizationNow)
  | Exclude<ReadRecord, { kind: "record" }>;

/**
 * Reads a finalization and the note of its process, if a process drives it. The note may be newer than
 * the record, so it reads the record again until that has not changed.
 */
export async function readNow(host: Host, store: RecordStore, id: string): Promise<ReadNow> {
  let read = await store.read(id);
  for (let look = 1; read.kind === "record"; look++) {
    const isTrue = !isTerminal(read.record.state) && hasProcess(host, store, id);
    const waiting = isTrue ? readWaitingNote(store, id) : null;
    if (waiting === null) return { ...read, waiting };
    const again = await store.read(id);
    if (isSameLength(read, again)) return { ...read, waiting };
    if (look === LOOKS) return again.kind === "record" ? { ...again, waiting: null } : again;
    read = again;
  }
  return read;
}

function isSameLength(read: ReadRecord, again: ReadRecord): boolean {
  if (read.kind !== "record" || again.kind !== "record") return false;
  return read.record.timeline.length === again.record.timeline.length;
}

/** A record is without a timer for a moment, and a timer that fired is without its unit. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 250;

/** With its driver; null if it has ended, and its hooks too. */
export type DrivenNow = FinalizationNow & { readonly driver: Driver | null };

/**
 * Finds out what drives a finalization. Record and units are read one after the other, so it reads
 * again if they contradict each other.
 */
export async function lookAtDriven(
  host: Host,
  store: RecordStore,
  first: FinalizationRecord,
): Promise<DrivenNow> {
  let seen: DrivenNow = { record: first, waiting: null, driver: null };
  for (let look = 1; ; look++) {
    const driver = isOver(seen.record) ? null : await findDriver(host, store, first.id);
    const read = await readNow(host, store, first.id);
    if (read.kind !== "record") return { ...seen, driver };
    const isSame = read.record.timeline.length === seen.record.timeline.length;
    seen = { record: read.record, waiting: read.waiting, driver };
    if (isOver(read.record)) return { ...seen, driver: null };
    if (isSame && driver?.kind !== "nobody") return seen;
    if (look === LOOKS) return await asReplaced(seen, store);
    await sleep(BETWEEN_LOOKS_MS);
  }
}

/** Whether nothing has to drive it any more, except to clean up. */
function isOver(record: FinalizationRecord): boolean {
  return isTerminal(record.state) && owedHook(record) === null;
}

/**
 * Shows a finalization as superseded once a newer one has stopped its timer. Its record says so only
 * when the newer one runs, because scheduling must be quick.
 */
async function asReplaced(seen: DrivenNow, store: RecordStore): Promise<DrivenNow> {
  const { record, driver } = seen;
  if (driver?.kind !== "nobody" || !isOutdated(record, store)) return seen;
  // Only its own process supersedes it, once its hooks have ended.
  if (owedHook(record) !== null) return seen;
  const newest = await store.readNewest();
  if (newest === null || !isReplacedBy(newest.id, record)) return seen;
  const reason = `superseded by ${newest.id}`;
  const ended = end(record, "superseded", new Date(newest.scheduledAt), { reason });
  return { record: ended, waiting: null, driver: null };
}

/**
 * Whether a newer one supersedes it; its units show whether that has happened. One whose scheduling goes
 * on, or was killed, is not older than the one that `current` names.
 */
export function isOutdated(record: FinalizationRecord, store: RecordStore): boolean {
  if (!isCancellable(record.state) || store.isPrepared(record.id)) return false;
  return isReplacedBy(store.newest(), record);
}

/** The record, shown as superseded if a newer finalization has stopped its timer. */
export async function withReplacement(
  host: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<FinalizationRecord> {
  if (!isOutdated(record, store)) return record;
  const driver = await findDriver(host, store, record.id);
  return (await asReplaced({ record, waiting: null, driver }, store)).record;
}

/** Changes with every write of a finalization's record or note. */
export function fingerprint(store: RecordStore, id: string): string {
  const stamps = ["json", "waiting"].map((ending) => {
    const status = statSync(join(store.folder, `${id}.${ending}`), { throwIfNoEntry: false });
    return status === undefined ? "none" : `${status.ino}-${status.mtimeMs}`;
  });
  return stamps.join(" ");
}
