import type { FinalizationRecord } from "../core/record.ts";
import { isUnfinished } from "../core/record.ts";
import { nextChange } from "../gates/watch.ts";
import { findDriver } from "../host/driver.ts";
import type { Host } from "../host/host.ts";
import type { RecordStore } from "../host/store.ts";
import type { Context } from "./context.ts";
import { findRecord } from "./find-record.ts";
import { requesterOf } from "./requester.ts";

/** A process that drives a finalization looks for requests twice a second. */
const ANSWER_MS = 10_000;

/** Who asks, for the record. */
export function askedBy(context: Context): string {
  const { user, sshClient } = requesterOf(context);
  return [user ?? "somebody", ...(sshClient === null ? [] : [`from ${sshClient}`])].join(" ");
}

/**
 * The finalization that somebody means: the one that is named, else the newest of those
 * that fit, else the newest at all.
 *
 * @throws Refusal where there is none, or where the one named cannot be read
 */
export async function findFitting(
  store: RecordStore,
  wanted: string | undefined,
  fits: (record: FinalizationRecord) => boolean,
): Promise<FinalizationRecord> {
  if (wanted === undefined) {
    for await (const record of store.newestFirst()) if (fits(record)) return record;
  }
  return await findRecord(store, wanted);
}

/** Every finalization that has not ended, the newest first. */
export async function unfinished(store: RecordStore): Promise<FinalizationRecord[]> {
  const records: FinalizationRecord[] = [];
  for await (const record of store.newestFirst()) if (isUnfinished(record)) records.push(record);
  return records;
}

/**
 * Waits until the process that drives a finalization has answered a request; returns the
 * record as it is then. Where no process drives it, there is nobody to wait for.
 */
export async function awaitAnswer(
  host: Host,
  store: RecordStore,
  id: string,
  isAnswered: (record: FinalizationRecord) => boolean,
  stop: AbortSignal,
): Promise<FinalizationRecord> {
  const over = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
  for (;;) {
    const record = await findRecord(store, id);
    if (isAnswered(record) || over.aborted) return record;
    const driver = await findDriver(host, store, id);
    if (driver.kind !== "process") return await findRecord(store, id);
    await nextChange(store.folder, () => false, over);
  }
}
