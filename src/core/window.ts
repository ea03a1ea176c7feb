/** When a host may reboot: from each start on for a time. */
export interface Window {
  /** A calendar expression: systemd.time(7). */
  readonly start: string;
  /** Seconds. */
  readonly duration: number;
}

/** What a window says at a moment. */
export type WindowState =
  | { readonly kind: "open"; readonly until: Date }
  | { readonly kind: "closed"; readonly opensAt: Date }
  /** It has no start any more. */
  | { readonly kind: "over" };

/**
 * Starts are looked for from this much earlier than needed. In the hour that a clock which is set
 * back shows twice, what systemd finds depends on where it begins; from before, it is what its
 * timers do. The longest such time there is today is two hours (notes/calendar.md).
 */
const RUN_UP_MS = 3 * 3_600_000;

/** From when on starts have to be known to tell the state of a window. */
export function lookFrom(window: Window, now: Date): Date {
  return new Date(earliestThatCounts(window, now) - RUN_UP_MS);
}

/**
 * The state of a window. One start at or before now whose time is not over opens it; windows that
 * overlap are one.
 *
 * @param starts in order, from `lookFrom` on, up to one that counts: the first that is not over
 */
export function windowAt(window: Window, now: Date, starts: readonly Date[]): WindowState {
  const start = firstThatCounts(window, now, starts);
  if (start === null) return { kind: "over" };
  return start <= now
    ? { kind: "open", until: new Date(start.getTime() + window.duration * 1000) }
    : { kind: "closed", opensAt: start };
}

/** The first start whose time is not over; null where there is none among these. */
export function firstThatCounts(window: Window, now: Date, starts: readonly Date[]): Date | null {
  const earliest = earliestThatCounts(window, now);
  return starts.find((start) => start.getTime() > earliest) ?? null;
}

/** A window that began right then has just ended. */
function earliestThatCounts({ duration }: Window, now: Date): number {
  return now.getTime() - duration * 1000;
}
