import { canGoBack, hasActed, systemBefore } from "../core/can-go-back.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { withReplacement } from "../host/finalization-now.ts";
import type { Host } from "../host/host.ts";
import type { RecordStore } from "../host/store.ts";
import { previousName, targetName } from "../view/naming.ts";
import { findRecord } from "./find-record.ts";

/**
 * The finalization that is to be taken back: the one that is named, else the newest that
 * acted. Which one is meant is never guessed: to go further back than that, or to undo a
 * rollback, it has to be named.
 *
 * @param runs the toplevel of the running system
 * @throws Refusal where that one cannot be taken back, with those that can
 */
export async function findToTakeBack(
  host: Host,
  store: RecordStore,
  wanted: string | undefined,
  runs: string | null,
): Promise<FinalizationRecord> {
  if (wanted !== undefined) {
    const named = await withReplacement(host, store, await findRecord(store, wanted));
    if (!canGoBack(named, runs)) throw new Refusal(whyNot(named, runs));
    return named;
  }
  const newest = (await newestThatActed(store)) ?? (await findRecord(store, undefined));
  if (newest.rollbackOf === null && canGoBack(newest, runs)) return newest;
  const why =
    newest.rollbackOf === null
      ? whyNot(newest, runs)
      : `${newest.id} is itself a rollback of ${newest.rollbackOf}, ` +
        `so say which one to take back. What there is: deploy-finalize history`;
  throw new Refusal([why, ...(await others(store, newest, runs))].join("\n"));
}

/** @throws Refusal where a newer record cannot be read: that one may have acted too */
async function newestThatActed(store: RecordStore): Promise<FinalizationRecord | null> {
  for (const id of store.idsNewestFirst()) {
    const read = await store.read(id);
    if (read.kind === "broken") {
      throw new Refusal(
        `the record of ${id} cannot be read: ${read.why}. ` +
          `To take back an older one, name it: deploy-finalize history`,
      );
    }
    if (read.kind === "record" && hasActed(read.record)) return read.record;
  }
  return null;
}

/** How to go back further than the newest, and how to undo that where it is a rollback. */
async function others(
  store: RecordStore,
  newest: FinalizationRecord,
  runs: string | null,
): Promise<string[]> {
  const undo = canGoBack(newest, runs) ? [newest] : [];
  const older = await newestDeploy(store, (record) => canGoBack(record, runs));
  return [...undo, ...(older === null ? [] : [older])].map(
    (record) =>
      `to go back from ${targetName(record)} to ${previousName(record)}: ` +
      `deploy-finalize rollback ${record.id}`,
  );
}

/** A rollback would bring back what somebody has rejected. */
async function newestDeploy(
  store: RecordStore,
  fits: (record: FinalizationRecord) => boolean,
): Promise<FinalizationRecord | null> {
  for await (const record of store.newestFirst()) {
    if (record.rollbackOf === null && fits(record)) return record;
  }
  return null;
}

function whyNot(record: FinalizationRecord, runs: string | null): string {
  const { id, state } = record;
  const reason = record.outcome === null ? "" : ` (${record.outcome.reason})`;
  switch (state) {
    case "scheduled":
    case "waiting":
      return `${id} has not begun to act: it is ${state}. To drop it: deploy-finalize cancel ${id}`;
    case "switching":
    case "rebooting":
      return `${id} is ${state}. Ask again once it verifies; what does not hold goes back by itself`;
    case "rolling-back":
      return `${id} is going back already${reason}`;
    case "rolled-back":
      return `${id} was rolled back already${reason}`;
    case "superseded":
    case "cancelled":
      return `${id} never acted: it was ${state}${reason}. There is nothing to take back`;
    case "verifying":
    case "live":
    case "failed":
      return whyNotAfterActing(record, runs, reason);
  }
}

function whyNotAfterActing(
  record: FinalizationRecord,
  runs: string | null,
  reason: string,
): string {
  const { id, state } = record;
  if (!hasActed(record)) {
    return `${id} never acted: it ${state}${reason}. There is nothing to take back`;
  }
  const before = systemBefore(record);
  if (before.kind === "none") return before.why;
  return (
    `${id} is ${state}${reason}, but its target is not the running system, ` +
    `which is ${runs ?? "unknown"}. What ran when: deploy-finalize history`
  );
}
