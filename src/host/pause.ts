import { setTimeout as sleep } from "node:timers/promises";
import { LONGEST_TIMER_MS } from "./time-limit.ts";

/**
 * Waits so many milliseconds, or less: until the signal aborts, and no longer than Node's timers
 * can. Whoever waits for a moment looks at the clock again.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal }).catch(() => {});
}
