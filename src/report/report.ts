import { messageOf } from "../core/refusal.ts";
import type { FinalizationRecord } from "../core/record.ts";
import type { ReceiverConfig, ReportConfig } from "../core/report-defaults.ts";
import type { Host } from "../host/host.ts";
import { newEntry } from "./entry.ts";
import { eventAt } from "./event.ts";
import type { Outbox } from "./outbox.ts";
import { subjectOf } from "./receivers/forge.ts";

/** Whether anything is owed that was not before. */
export type Owed = "owed-now" | "known";

/**
 * Makes every report on a record owed that is not yet: its whole timeline, because a crash
 * may have come between the record and the outbox.
 */
export function oweReports(
  host: Host,
  outbox: Outbox,
  { receivers }: ReportConfig,
  record: FinalizationRecord,
): Owed {
  return oweEach(host, receivers, (receiver) => oweTo(host, outbox, receiver, record));
}

/** What cannot be noted for one receiver hinders no other one. */
export function oweEach(
  host: Host,
  receivers: readonly ReceiverConfig[],
  owe: (receiver: ReceiverConfig) => Owed,
): Owed {
  let all: Owed = "known";
  for (const receiver of receivers) {
    try {
      if (owe(receiver) === "owed-now") all = "owed-now";
    } catch (error) {
      host.say(`cannot note the reports that ${receiver.name} is owed: ${messageOf(error)}`);
    }
  }
  return all;
}

function oweTo(
  host: Host,
  outbox: Outbox,
  receiver: ReceiverConfig,
  record: FinalizationRecord,
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
    // The clock may have been set back, by a boot for one; the order of a timeline stays.
    if (at > order) order = at;
    if (receiver.events.includes(state)) {
      last = outbox.owe(newEntry(receiver, eventAt(record, index), order));
    }
  }
  // Later entries of a timeline are never noted before earlier ones.
  return last;
}
