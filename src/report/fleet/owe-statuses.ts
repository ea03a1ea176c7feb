import type { ForgeReceiver, ReportConfig } from "../../core/config/report-config.ts";
import type { RolloutNote } from "../../state-dir/rollout-note.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { eventAt } from "../event.ts";
import type { Outbox } from "../outbox.ts";
import { newOwedReport, type OwedReport } from "../owed-report.ts";
import { subjectOf } from "../receivers/forge.ts";
import { more, type Owed, oweEach } from "../report.ts";
import type { GroupStatus } from "./group-status.ts";
import { isOccasion, isStartedBy, type Looked } from "./occasion.ts";

/**
 * Makes the statuses of the group owed that follow from what this host has seen. What they say is read right
 * before they are sent, so it does not matter which host is the last one to send.
 */
export async function oweGroupStatuses(
  host: Host,
  outbox: Outbox,
  store: RecordStore,
  { receivers }: ReportConfig,
  looked: Looked & { readonly record: FinalizationRecord },
): Promise<Owed> {
  if (!receivers.some((receiver) => "context" in receiver)) return "known";
  const { before, after, record } = looked;
  const owe = (note: RolloutNote, of: FinalizationRecord, event: GroupStatus["event"]): Owed => {
    const entry = entryFor(host.now(), note, of, event);
    return oweEach(host, receivers, (receiver) => {
      if (!("context" in receiver) || !receiver.events.includes(wanted(event))) return "known";
      if (subjectOf(receiver, of).kind === "missing") return "known";
      return outbox.owe(entry(receiver));
    });
  };
  const own = isOccasion(looked, record.host) ? await ofRollout(store, record, after) : null;
  const now = own === null ? "known" : owe(after, own, eventOf(after));
  const old = before === null ? null : await superseded(store, record, before, after);
  return old === null || before === null ? now : more(now, owe(before, old, "superseded"));
}

/** The event that a receiver has to want: its default events have no `switching`. */
export function wanted(event: GroupStatus["event"]): GroupStatus["event"] {
  return event === "switching" ? "scheduled" : event;
}

function eventOf({ rollout, counts }: RolloutNote): GroupStatus["event"] {
  if (rollout.halt !== null) return "failed";
  const isOver = counts !== null && counts.complete === counts.waves;
  if (!isOver) return "scheduled";
  return rollout.failures.length > 0 && counts.live < counts.members ? "failed" : "live";
}

/**
 * The finalization of this host that knows the commit of the rollout: a rollback by hand does not, nor does the
 * newest one if an operator acts.
 */
async function ofRollout(
  store: RecordStore,
  record: FinalizationRecord,
  { rollout, finalization }: RolloutNote,
): Promise<FinalizationRecord | null> {
  if (record.rollout === rollout.name) return record;
  return finalization === null ? null : await recordOf(store, finalization);
}

async function recordOf(store: RecordStore, id: string): Promise<FinalizationRecord | null> {
  const read = await store.read(id).catch(() => null);
  return read?.kind === "record" ? read.record : null;
}

/**
 * The finalization of this host in the rollout before, if this host has to report that it was superseded:
 * the host that began it, and the one that began the next.
 */
async function superseded(
  store: RecordStore,
  record: FinalizationRecord,
  before: RolloutNote,
  after: RolloutNote,
): Promise<FinalizationRecord | null> {
  const { finalization, group, rollout } = before;
  if (group !== after.group || rollout.seq >= after.rollout.seq || finalization === null) {
    return null;
  }
  const isConcerned = rollout.startedBy === record.host || isStartedBy(record.host, before, after);
  if (!isConcerned) return null;
  const old = await recordOf(store, finalization);
  // The status of the same commit is that of the new rollout.
  return old?.revision === record.revision ? null : old;
}

/** The report as an older version would send it, with the rollout from which this one reads what it says. */
function entryFor(
  now: Date,
  { group, rollout }: RolloutNote,
  record: FinalizationRecord,
  event: GroupStatus["event"],
): (forge: ForgeReceiver) => OwedReport {
  const at = now.toISOString();
  const reported = {
    ...eventAt(record, record.timeline.length - 1),
    key: `${record.id}.${now.getTime()}.${event}.group`,
    event,
    at,
    summary: `rollout of group ${group}`,
  };
  const { seq, name } = rollout;
  return (forge) => {
    // The same on all hosts of the group, whatever their own statuses are called.
    const context = `deploy-finalize/group/${group}`;
    const owed = newOwedReport({ ...forge, context }, reported, at);
    return { ...owed, rollout: { group, seq, name } };
  };
}
