import { type ClockReading, later, readingAt, secondsLeft } from "./clock.ts";
import type { FinalizationRecord } from "./record.ts";

/** The seconds until its delay is over, zero or less afterwards. A boot ends no delay later than the clock says. */
export function delayLeft(record: FinalizationRecord, now: ClockReading): number {
  const { scheduled } = record.clocks;
  const seconds = delayOf(record);
  if (scheduled?.bootId !== now.bootId) {
    const byClock = (Date.parse(record.fireAt) - Date.parse(now.at)) / 1000;
    return Math.min(byClock, seconds - (scheduled === null ? 0 : (now.uptime ?? 0)));
  }
  return secondsLeft(seconds, scheduled, now);
}

function delayOf({ scheduledAt, fireAt }: FinalizationRecord): number {
  return (Date.parse(fireAt) - Date.parse(scheduledAt)) / 1000;
}

/**
 * The seconds left of a time limit on its gates. It counts from the start of the wait, and neither from
 * before the end of the delay, nor from before the moment that it was deferred to. If somebody has asked
 * it to act now, it counts from then. Another process may have begun the wait.
 */
export function gatesLeft(record: FinalizationRecord, limit: number, now: ClockReading): number {
  if (record.hurried !== null) return secondsLeft(limit, record.hurried.since, now);
  const { scheduled } = record.clocks;
  const due = scheduled === null ? readingAt(record.fireAt) : later(scheduled, delayOf(record));
  const begins = [waitingSince(record), due, deferredTo(record)].filter((began) => began !== null);
  return Math.max(...begins.map((began) => secondsLeft(limit, began, now)));
}

function waitingSince({ clocks, timeline }: FinalizationRecord): ClockReading | null {
  const first = timeline.find(({ state }) => state === "waiting")?.at;
  return clocks.waiting ?? (first === undefined ? null : readingAt(first));
}

function deferredTo({ clocks, deferredUntil }: FinalizationRecord): ClockReading | null {
  return clocks.deferred ?? (deferredUntil === null ? null : readingAt(deferredUntil));
}

/** The seconds left for a confirmation. */
export function confirmationLeft(
  { clocks, confirmBy }: FinalizationRecord,
  now: ClockReading,
): number {
  if (confirmBy === null) return 0;
  const { confirmation } = clocks;
  if (confirmation === null) return (Date.parse(confirmBy) - Date.parse(now.at)) / 1000;
  const within = (Date.parse(confirmBy) - Date.parse(confirmation.at)) / 1000;
  return secondsLeft(within, confirmation, now);
}
