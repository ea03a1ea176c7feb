import type { FinalizationRecord } from "../core/record.ts";
import type { ReportConfig } from "../core/report-defaults.ts";
import type { Host } from "../host/host.ts";
import type { RecordStore } from "../host/store.ts";
import { newEntry } from "./entry.ts";
import { commitOf, eventAt, eventKey, type ReportEvent } from "./event.ts";
import type { Outbox } from "./outbox.ts";
import { subjectOf } from "./receivers/forge.ts";
import { oweEach, type Owed } from "./report.ts";

/**
 * Makes it owed to the forges that a deploy which was a success is what runs no more, once its
 * way back is live. Nobody else is told: they hear that the way back is live.
 */
export async function oweTakenBack(
  host: Host,
  outbox: Outbox,
  store: RecordStore,
  { receivers }: ReportConfig,
  wayBack: FinalizationRecord,
): Promise<Owed> {
  const forges = receivers.filter((receiver) => "repository" in receiver);
  if (wayBack.rollbackOf === null || wayBack.state !== "live" || forges.length === 0) {
    return "known";
  }
  const unreadable = { kind: "unreadable" } as const;
  const read = await store.read(wayBack.rollbackOf).catch(() => unreadable);
  if (read.kind !== "record") {
    const why = `its record is ${read.kind}`;
    host.say(`cannot tell the forges that ${wayBack.rollbackOf} was taken back: ${why}`);
    return "known";
  }
  const event = takenBack(read.record, wayBack);
  // The same commit runs, built in another way: it is a success all the same.
  if (commitOf(event) === commitOf(wayBack)) return "known";
  const told = forges.filter(
    (forge) => forge.events.includes("rolled-back") && subjectOf(forge, event).kind === "found",
  );
  return oweEach(host, told, (forge) => outbox.owe(newEntry(forge, event, event.at)));
}

/** The deploy as if its timeline went on; the key is the way back's, as it may be taken back again. */
function takenBack(record: FinalizationRecord, wayBack: FinalizationRecord): ReportEvent {
  const last = wayBack.timeline.length - 1;
  const at = wayBack.timeline[last]?.at ?? wayBack.scheduledAt;
  const entry = { at, state: "rolled-back", detail: `by ${wayBack.id}` } as const;
  const timeline = [...record.timeline, entry];
  const event = eventAt({ ...record, timeline }, record.timeline.length);
  return { ...event, key: `${eventKey(wayBack, last)}.takes-back` };
}
