/**
 * What the clocks of a host say at a moment. The wall clock may be wrong, and may be set at any time.
 * The uptime never jumps, but says nothing about another boot.
 */
export interface ClockReading {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly bootId: string;
  /** Seconds since the boot; null if unknown. */
  readonly uptime: number | null;
}

/** The readings of a record, before there are any. */
export const NO_CLOCKS = {
  scheduled: null,
  waiting: null,
  deferred: null,
  acted: null,
  confirmation: null,
};

/** So long after a boot, in seconds, its wall clock may still be one that is about to be set. */
export const CLOCK_UNSURE = 300;

/** What is known of a moment without a reading: records of older versions have none. */
export function readingAt(at: string): ClockReading {
  return { at, bootId: "", uptime: null };
}

/** What the clocks will say after so many seconds. */
export function later({ at, bootId, uptime }: ClockReading, seconds: number): ClockReading {
  const then = new Date(Date.parse(at) + seconds * 1000).toISOString();
  return { at: then, bootId, uptime: uptime === null ? null : uptime + seconds };
}

/**
 * How much is left of a time limit, in seconds; negative if it is over. In the boot in which it began
 * the uptime tells. After another boot the wall clock tells, within bounds that a wrong clock cannot
 * move: at least the uptime has passed, and the limit lasts until the clock is sure to be set.
 */
export function secondsLeft(limit: number, began: ClockReading, now: ClockReading): number {
  const byClock = limit - (Date.parse(now.at) - Date.parse(began.at)) / 1000;
  if (began.uptime === null || now.uptime === null) return Math.min(limit, byClock);
  if (began.bootId === now.bootId) return limit - (now.uptime - began.uptime);
  const least = Math.min(limit, CLOCK_UNSURE) - now.uptime;
  return Math.max(least, Math.min(byClock, limit - now.uptime));
}
