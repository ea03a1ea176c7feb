import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { end, type FinalizationRecord, isReplacedBy } from "../core/record.ts";
import { isCancellable, isTerminal } from "../core/states.ts";
import { type Driver, findDriver } from "./driver.ts";
import type { Host } from "./host.ts";
import { isProbablyLocked } from "./kernel-locks.ts";
import type { ReadRecord, RecordStore } from "./store.ts";
import { readWaitingNote, type WaitingNote } from "./waiting-note.ts";

/** A finalization as it is right now. */
export interface FinalizationNow {
  readonly record: FinalizationRecord;
  /** What its process waits for; null where no process drives it, or where it waits for nothing. */
  readonly waiting: WaitingNote | null;
}

export type ReadNow =
  | ({ readonly kind: "record" } & FinalizationNow)
  | Exclude<ReadRecord, { kind: "record" }>;

/**
 * Reads a finalization, and the note of its process as far as it is true. The note may be
 * newer than the record that was read, so that one is read again until it has not gone on.
 */
export async function readNow(host: Host, store: RecordStore, id: string): Promise<ReadNow> {
  let read = await store.read(id);
  for (let look = 1; read.kind === "record"; look++) {
    const isTrue = !isTerminal(read.record.state) && isDriven(host, store, id);
    const waiting = isTrue ? readWaitingNote(store, id) : null;
    if (waiting === null) return { ...read, waiting };
    const again = await store.read(id);
    if (isAsFar(read, again)) return { ...read, waiting };
    if (look === LOOKS) return again.kind === "record" ? { ...again, waiting: null } : again;
    read = again;
  }
  return read;
}

function isAsFar(read: ReadRecord, again: ReadRecord): boolean {
  if (read.kind !== "record" || again.kind !== "record") return false;
  return read.record.timeline.length === again.record.timeline.length;
}

function isDriven({ paths }: Host, store: RecordStore, id: string): boolean {
  try {
    return isProbablyLocked(paths.kernelLocks, store.lockPath(id));
  } catch {
    return false;
  }
}

/** Between a record and its timer, and between a timer and its unit, lies a moment. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 250;

/** A finalization with who drives it; the driver is null where it has ended. */
export type DrivenNow = FinalizationNow & { readonly driver: Driver | null };

/**
 * Finds out who drives a finalization. Record and units are looked at one after the
 * other, so what does not fit together is looked at again.
 */
export async function lookAtDriven(
  host: Host,
  store: RecordStore,
  first: FinalizationRecord,
): Promise<DrivenNow> {
  let seen: DrivenNow = { record: first, waiting: null, driver: null };
  for (let look = 1; ; look++) {
    const driver = isTerminal(seen.record.state) ? null : await findDriver(host, store, first.id);
    const read = await readNow(host, store, first.id);
    if (read.kind !== "record") return { ...seen, driver };
    const isSame = read.record.timeline.length === seen.record.timeline.length;
    seen = { record: read.record, waiting: read.waiting, driver };
    if (isTerminal(read.record.state)) return { ...seen, driver: null };
    if (isSame && driver?.kind !== "nobody") return seen;
    if (look === LOOKS) return asReplaced(seen, await store.readNewest());
    await sleep(BETWEEN_LOOKS_MS);
  }
}

/**
 * As it will end, where a newer one has replaced its timer: that is written down only when the
 * newer one is taken up, as scheduling is to be quick.
 */
function asReplaced(seen: DrivenNow, newest: FinalizationRecord | null): DrivenNow {
  const { record, driver } = seen;
  const isLeft = driver?.kind === "nobody" && isCancellable(record.state);
  if (!isLeft || newest === null || !isReplacedBy(newest.id, record)) return seen;
  const reason = `superseded by ${newest.id}`;
  const ended = end(record, "superseded", new Date(newest.scheduledAt), { reason });
  return { record: ended, waiting: null, driver: null };
}

/** A newer one takes its place: whether it is replaced already, its units tell. */
export function isOutdated(record: FinalizationRecord, store: RecordStore): boolean {
  return isCancellable(record.state) && isReplacedBy(store.newest(), record);
}

/** The record as it will end where a newer one has replaced its timer, by one look at its units. */
export async function withReplacement(
  host: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<FinalizationRecord> {
  if (!isOutdated(record, store)) return record;
  const driver = await findDriver(host, store, record.id);
  return asReplaced({ record, waiting: null, driver }, await store.readNewest()).record;
}

/** Changes with every write of a finalization's record or note. */
export function fingerprint(store: RecordStore, id: string): string {
  const stamps = ["json", "waiting"].map((ending) => {
    const status = statSync(join(store.folder, `${id}.${ending}`), { throwIfNoEntry: false });
    return status === undefined ? "none" : `${status.ino}-${status.mtimeMs}`;
  });
  return stamps.join(" ");
}
