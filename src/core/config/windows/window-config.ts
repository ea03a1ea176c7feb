import * as v from "valibot";
import { type Frozen, hasWords, someSeconds } from "../schema-parts.ts";

/** Only systemd can check the rest, because it knows calendars and time zones. */
const calendarExpression = v.pipe(
  v.string(),
  v.check(hasWords, "must be a calendar expression, such as Sat 02:00"),
  v.check((text) => /^[^\0\n]*$/.test(text), "must be one line"),
);

/** When a host may act: from each start, a calendar expression of systemd.time(7), for a duration in seconds. */
const windowSchema = v.strictObject({ start: calendarExpression, duration: someSeconds });

const oneWindow = v.pipe(
  windowSchema,
  v.transform((window) => [window]),
);
const moreWindows = v.pipe(
  v.array(windowSchema),
  v.nonEmpty("must not be empty; null means always"),
);

/** One window, or several, each with its own duration. */
export const windowsSchema = v.lazy((input) => (Array.isArray(input) ? moreWindows : oneWindow));

export type Window = Frozen<v.InferOutput<typeof windowSchema>>;

/** A window as one host of a fleet has it: it opens that many seconds after each start. */
export interface StaggeredWindow extends Window {
  readonly offset: number;
}

/** The part of a window that `stagger` may take. */
const MOST_OFFSET = 1 / 2;

/**
 * The windows of one host, which opens them later than other hosts of its fleet do.
 *
 * @param stagger the longest offset in seconds; half of each window remains in any case
 * @param fraction of this host, from 0 up to but not including 1
 */
export function staggered(
  windows: readonly Window[],
  stagger: number,
  fraction: number,
): readonly StaggeredWindow[] {
  return windows.map((window) => {
    const most = Math.min(stagger, window.duration * MOST_OFFSET);
    return { ...window, offset: Math.floor(most * fraction) };
  });
}

export type WindowState =
  | { readonly kind: "open"; readonly until: Date }
  | { readonly kind: "closed"; readonly opensAt: Date }
  /** It has no more starts. */
  | { readonly kind: "over" };

/**
 * The search for starts begins this much earlier than needed. If a clock change repeats an hour, the
 * result of systemd depends on where the search begins: from before the hour, it equals that of its
 * timers. The longest clock change today is two hours (notes/calendar.md).
 */
const RUN_UP_MS = 3 * 3_600_000;

export function lookFrom(window: Window, now: Date): Date {
  return new Date(earliestThatCounts(window, now) - RUN_UP_MS);
}

/**
 * The state of a window. It is open if a start at or before now is not over; overlapping windows count
 * as one.
 *
 * @param starts in order from `lookFrom`, at least to the first that is not over
 */
export function windowAt(window: StaggeredWindow, now: Date, starts: readonly Date[]): WindowState {
  const start = firstThatCounts(window, now, starts);
  if (start === null) return { kind: "over" };
  // Those that begin later open later, too.
  const opensAt = after(start, window.offset);
  return opensAt <= now
    ? { kind: "open", until: after(start, window.duration) }
    : { kind: "closed", opensAt };
}

function after(start: Date, seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

export function firstThatCounts(window: Window, now: Date, starts: readonly Date[]): Date | null {
  const earliest = earliestThatCounts(window, now);
  return starts.find((start) => start.getTime() > earliest) ?? null;
}

/** A window with this start has just ended. */
function earliestThatCounts({ duration }: Window, now: Date): number {
  return now.getTime() - duration * 1000;
}
