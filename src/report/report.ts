import { messageOf } from "../core/refusal.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import type { ReceiverConfig, ReportConfig } from "../core/config/report-config.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import type { Host } from "../host/process/host.ts";
import { newOwedReport } from "./owed-report.ts";
import { commitOf, eventAt, eventKey, type ReportEvent } from "./event.ts";
import type { Outbox } from "./outbox.ts";
import { subjectOf } from "./receivers/forge.ts";
import type { RecordStore } from "../state-dir/store.ts";

/** Whether a report became owed that was not before; `missing` if one could not. */
export type Owed = "owed-now" | "known" | "missing";

/**
 * Makes all missing reports on a record owed. It goes through the whole timeline, because a crash
 * may have happened between the write of the record and of the outbox.
 *
 * @param newer see `newerThan`
 */
export function oweReports(
  host: Host,
  outbox: Outbox,
  { receivers }: ReportConfig,
  record: FinalizationRecord,
  newer: readonly FinalizationRecord[] = [],
): Owed {
  return oweEach(host, receivers, (receiver) => {
    const isTold = newer.some((other) => hasSameStatus(receiver, record, other));
    return oweTo(host, outbox, receiver, record, isTold ? "of-a-newer-one" : "its-own");
  });
}

/**
 * The newer finalizations, if the given one ended before its act: the newer ones own the statuses of the same
 * commit. None if it acted.
 */
export async function newerThan(
  store: RecordStore,
  { receivers }: ReportConfig,
  record: FinalizationRecord,
): Promise<FinalizationRecord[]> {
  if (!receivers.some((receiver) => "context" in receiver) || !endedUntried(record)) return [];
  const newer: FinalizationRecord[] = [];
  for await (const other of store.newestFirst()) {
    if (other.id <= record.id) break;
    // One whose schedule was killed has told nobody of itself, and perhaps never does.
    if (!store.isPrepared(other.id)) newer.push(other);
  }
  return newer;
}

function endedUntried({ state, timeline }: FinalizationRecord): boolean {
  const hasActed = timeline.some((entry) => !isTerminal(entry.state) && hasBegunToAct(entry.state));
  return isTerminal(state) && !hasActed;
}

/** One status of a commit: the older end would hide that the newer one waits, or is live. */
function hasSameStatus(
  receiver: ReceiverConfig,
  record: FinalizationRecord,
  newer: FinalizationRecord,
): boolean {
  // With other settings it may report to nobody.
  if (!("context" in receiver) || newer.configFile !== record.configFile) return false;
  const [one, other] = [subjectOf(receiver, record), subjectOf(receiver, newer)];
  if (one.kind === "missing" || other.kind === "missing") return false;
  const { repository, commit } = one.subject;
  return other.subject.repository === repository && other.subject.commit === commit;
}

/** What is missing counts most. */
export function more(one: Owed, other: Owed): Owed {
  return ORDER.find((owed) => owed === one || owed === other) ?? one;
}

const ORDER: readonly Owed[] = ["missing", "owed-now", "known"];

/** An error for one receiver does not stop the others. */
export function oweEach(
  host: Host,
  receivers: readonly ReceiverConfig[],
  owe: (receiver: ReceiverConfig) => Owed,
): Owed {
  let all: Owed = "known";
  for (const receiver of receivers) {
    try {
      all = more(all, owe(receiver));
    } catch (error) {
      all = "missing";
      host.say(`cannot record the reports for ${receiver.name}: ${messageOf(error)}`);
    }
  }
  return all;
}

/** Makes a report owed that a switch has not ended. It interests those who want to know of a failure. */
export function oweLate(
  host: Host,
  outbox: Outbox,
  { receivers }: ReportConfig,
  record: FinalizationRecord,
  why: string,
): Owed {
  const last = record.timeline.length - 1;
  const { state } = record;
  const event = {
    ...eventAt(record, last),
    key: `${eventKey(record, last)}.late`,
    at: host.now().toISOString(),
    summary: `${state}: ${why}`,
  };
  const concerned = receivers.filter(
    (receiver) =>
      (receiver.events.includes(state) || receiver.events.includes("failed")) &&
      (!("repository" in receiver) || subjectOf(receiver, record).kind === "found"),
  );
  return oweEach(host, concerned, (receiver) =>
    outbox.owe(newOwedReport(receiver, event, event.at)),
  );
}

function oweTo(
  host: Host,
  outbox: Outbox,
  receiver: ReceiverConfig,
  record: FinalizationRecord,
  status: "its-own" | "of-a-newer-one",
): Owed {
  if ("repository" in receiver) {
    const found = subjectOf(receiver, record);
    if (found.kind === "missing") {
      const isNew = record.timeline.length === 1;
      if (isNew) host.say(`${receiver.name}: no commit to report on: ${found.why}`);
      return "known";
    }
  }
  let last: Owed = "known";
  let order = "";
  for (const [index, { state, at }] of record.timeline.entries()) {
    // The clock may have been set back, for example by a boot; the order of a timeline stays.
    if (at > order) order = at;
    const isHidden = status === "of-a-newer-one" && isTerminal(state);
    if (receiver.events.includes(state) && !isHidden) {
      last = outbox.owe(newOwedReport(receiver, eventAt(record, index), order));
    }
  }
  // Later entries of a timeline are never recorded before earlier ones.
  return last;
}

/**
 * Makes a report to the forges owed, that an earlier successful deploy no longer runs, once its
 * rollback is live. Other receivers only get the event that the rollback is live.
 */
export async function oweUndone(
  host: Host,
  outbox: Outbox,
  store: RecordStore,
  { receivers }: ReportConfig,
  rollback: FinalizationRecord,
): Promise<Owed> {
  const forges = receivers.filter((receiver) => "repository" in receiver);
  if (rollback.rollbackOf === null || rollback.state !== "live" || forges.length === 0) {
    return "known";
  }
  const unreadable = { kind: "unreadable" } as const;
  const read = await store.read(rollback.rollbackOf).catch(() => unreadable);
  if (read.kind !== "record") {
    const why = `its record is ${read.kind}`;
    host.say(`cannot report to the forges that ${rollback.rollbackOf} was rolled back: ${why}`);
    return "known";
  }
  const event = undone(read.record, rollback);
  // The same commit still runs, built differently: it stays a success.
  if (commitOf(event) === commitOf(rollback)) return "known";
  const concerned = forges.filter(
    (forge) => forge.events.includes("rolled-back") && subjectOf(forge, event).kind === "found",
  );
  return oweEach(host, concerned, (forge) => outbox.owe(newOwedReport(forge, event, event.at)));
}

/** The deploy as if its timeline continued; with the rollback's key, because it may be rolled back again. */
function undone(record: FinalizationRecord, rollback: FinalizationRecord): ReportEvent {
  const last = rollback.timeline.length - 1;
  const at = rollback.timeline[last]?.at ?? rollback.scheduledAt;
  const entry = { at, state: "rolled-back", detail: `by ${rollback.id}` } as const;
  const timeline = [...record.timeline, entry];
  const event = eventAt({ ...record, timeline }, record.timeline.length);
  return { ...event, key: `${eventKey(rollback, last)}.takes-back` };
}
