import { pause } from "../host/pause.ts";
import { type Gate, OPEN } from "./gate.ts";

/**
 * The moment that was asked for has come. The timer sees to that; this is for a
 * start by hand or after a boot. Never unknown, and never cut short: it is the
 * least time to wait.
 */
export const delay: Gate = {
  name: "delay",
  whenUnknown: "wait",
  atDeadline: "wait-on",
  look: async ({ host, record }) => {
    const isEarly = remainingMs(host.now(), record.fireAt) > 0;
    return isEarly ? { kind: "closed", why: `not before ${record.fireAt}` } : OPEN;
  },
  change: async ({ host, record }, signal) => {
    await pause(remainingMs(host.now(), record.fireAt), signal);
  },
};

/** Never longer than a minute, so that a clock that is set anew is noticed. */
function remainingMs(now: Date, fireAt: string): number {
  return Math.min(60_000, Math.max(0, Date.parse(fireAt) - now.getTime()));
}
