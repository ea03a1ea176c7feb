import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits at least so many milliseconds, or until the signal aborts, and no longer than Node's timers
 * can. A caller that waits for a moment looks at the clock again.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(timerMs(ms), undefined, { signal }).catch(() => {});
}

/**
 * Asks at this interval; resolves once the answer is yes, or with the signal. A wait may ask for hours,
 * so each time costs one timer and nothing else.
 */
export async function asked(ms: number, isSo: () => boolean, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const end = (): void => {
      if (timer !== null) clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const next = (): void => {
      timer = setTimeout(() => {
        if (isSo()) end();
        else next();
      }, ms);
    };
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else next();
  });
}

/** Node's timers take no more. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that aborts after so many seconds, and not before. */
export function timeLimit(seconds: number): AbortSignal {
  return AbortSignal.timeout(timerMs(seconds * 1000));
}

/**
 * What to ask a timer for, so that it does not fire early: Node takes whole milliseconds only, and
 * compares them with a clock of whole milliseconds that began within one.
 */
function timerMs(ms: number): number {
  return Math.min(ms <= 0 ? 0 : Math.ceil(ms) + 1, LONGEST_TIMER_MS);
}

/**
 * Does something while something else is watched for: whichever ends first ends the other by
 * its signal, and so does `stop`.
 *
 * @returns what the act came to, once both have ended
 */
export async function unlessEnded<T>(
  stop: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
  watch: (signal: AbortSignal) => Promise<void>,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const end = (): void => {
    over.abort();
  };
  const [result] = await Promise.all([act(signal).finally(end), watch(signal).finally(end)]);
  return result;
}
