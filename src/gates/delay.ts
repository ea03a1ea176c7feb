import { duration } from "../core/age.ts";
import { delayLeft } from "../core/record/time-limits.ts";
import { readClock } from "../host/process/clock.ts";
import { pause } from "../host/process/time.ts";
import { type Gate, type GateContext, OPEN } from "./gate.ts";

/**
 * The time that was asked for has passed. The timer fires then; this gate is for a start by hand
 * or after a boot. Never unknown, and without a deadline: the delay is the least time to wait.
 */
export const delay: Gate = {
  name: "delay",
  whenUnknown: "wait",
  atDeadline: "wait-on",
  look: async (context) => {
    const left = leftOf(context);
    if (left <= 0) return OPEN;
    return { kind: "closed", why: inWords(context, left) };
  },
  change: async (context, signal) => {
    await pause(Math.min(LONGEST_MS, leftOf(context) * 1000), signal);
  },
};

/** After a boot a clock that is set changes what is left, so it looks again. */
const LONGEST_MS = 60_000;

function leftOf({ host, record }: GateContext): number {
  return delayLeft(record, readClock(host));
}

/** Whether the clock still agrees with what was said at scheduling: seconds. */
const AGREES = 2;

function inWords({ host, record }: GateContext, left: number): string {
  const { fireAt } = record;
  const byClock = (Date.parse(fireAt) - host.now().getTime()) / 1000;
  return Math.abs(byClock - left) < AGREES
    ? `not before ${fireAt}`
    : `the delay of ${duration(record.delay.seconds)} is not over; the clock was set meanwhile`;
}
