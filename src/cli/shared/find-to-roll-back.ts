import { findRecord } from "./find-record.ts";
import { canRollBack, hasActed, previousSystem } from "../../core/record/can-roll-back.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { Refusal } from "../../core/refusal.ts";
import { withReplacement } from "../../finalize/finalization-now.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { waysOut } from "./long-switch.ts";
import { previousName, targetName } from "../../view/headline.ts";

/**
 * The finalization to roll back: the named one, else the newest that acted. An older one, or a
 * rollback, must be named.
 *
 * @param current the toplevel of the running system
 * @throws Refusal if it cannot be rolled back; names those that can
 */
export async function findToRollBack(
  host: Host,
  store: RecordStore,
  wanted: string | undefined,
  current: string | null,
): Promise<FinalizationRecord> {
  if (wanted !== undefined) {
    const named = await withReplacement(host, store, await findRecord(store, wanted));
    if (!canRollBack(named, current)) {
      throw new Refusal([whyNot(named, current), ...waysOut(store, named)]);
    }
    return named;
  }
  const newest = (await newestThatActed(store)) ?? (await findRecord(store, undefined));
  if (newest.rollbackOf === null && canRollBack(newest, current)) return newest;
  const why =
    newest.rollbackOf === null
      ? whyNot(newest, current)
      : `${newest.id} is itself a rollback of ${newest.rollbackOf}, ` +
        `so name the finalization to roll back. List: deploy-finalize history`;
  const more = [...waysOut(store, newest), ...(await others(store, newest, current))];
  throw new Refusal([why, ...more]);
}

/** @throws Refusal if a newer record cannot be read: that finalization may have acted too */
async function newestThatActed(store: RecordStore): Promise<FinalizationRecord | null> {
  for (const id of store.idsNewestFirst()) {
    const read = await store.read(id);
    if (read.kind === "broken" || read.kind === "newer") {
      throw new Refusal(
        `the record of ${id} cannot be read: ${read.why}. ` +
          `To roll back an older one, name it. List: deploy-finalize history`,
      );
    }
    if (read.kind === "record" && hasActed(read.record)) return read.record;
  }
  return null;
}

/** How to roll back an older one, and how to roll back the newest if that is a rollback. */
async function others(
  store: RecordStore,
  newest: FinalizationRecord,
  current: string | null,
): Promise<string[]> {
  const own = canRollBack(newest, current) ? [newest] : [];
  const older = await newestDeploy(store, (record) => canRollBack(record, current));
  return [...own, ...(older === null ? [] : [older])].map(
    (record) =>
      `to roll back from ${targetName(record)} to ${previousName(record)}: ` +
      `deploy-finalize rollback ${record.id}`,
  );
}

/** Without rollbacks: to roll one back brings back a system that somebody rejected. */
async function newestDeploy(
  store: RecordStore,
  fits: (record: FinalizationRecord) => boolean,
): Promise<FinalizationRecord | null> {
  for await (const record of store.newestFirst()) {
    if (record.rollbackOf === null && fits(record)) return record;
  }
  return null;
}

function whyNot(record: FinalizationRecord, current: string | null): string {
  const { id, state } = record;
  const reason = record.outcome === null ? "" : ` (${record.outcome.reason})`;
  switch (state) {
    case "scheduled":
    case "waiting":
      return `${id} has not started to act: it is ${state}. To cancel it: deploy-finalize cancel ${id}`;
    case "switching":
    case "rebooting":
      return `${id} is ${state}. Try again when it verifies. If the verification fails, it rolls back automatically`;
    case "rolling-back":
      return `${id} is already rolling back${reason}`;
    case "rolled-back":
      return `${id} was already rolled back${reason}`;
    case "superseded":
    case "cancelled":
      return `${id} never acted: it was ${state}${reason}. There is nothing to roll back`;
    case "verifying":
    case "live":
    case "failed":
      return whyNotAfterActing(record, current, reason);
  }
}

function whyNotAfterActing(
  record: FinalizationRecord,
  current: string | null,
  reason: string,
): string {
  const { id, state } = record;
  if (!hasActed(record)) {
    return `${id} never acted: it ${state}${reason}. There is nothing to roll back`;
  }
  const before = previousSystem(record);
  if (before.kind === "none") return before.why;
  return (
    `${id} is ${state}${reason}, but its target is not the running system: ` +
    `${current ?? "unknown"} runs. To see what ran when: deploy-finalize history`
  );
}
