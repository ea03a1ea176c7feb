import * as v from "valibot";

/** A moment as ISO 8601 in UTC. */
export const moment = v.pipe(v.string(), v.isoTimestamp(), v.check(isMoment, "no moment"));

/** Some offsets of ISO 8601 make no Date. */
function isMoment(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** See `ClockReading`. */
export const clockReading = v.object({
  at: moment,
  bootId: v.string(),
  uptime: v.nullable(v.pipe(v.number(), v.finite())),
});
