/** Node's timers take no more. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that aborts after so many seconds, of which Node takes whole milliseconds only. */
export function timeLimit(seconds: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.ceil(seconds * 1000), LONGEST_TIMER_MS));
}
