import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { pause } from "../host/pause.ts";
import { timeLimit } from "../host/time-limit.ts";
import type { Check, CheckState } from "./check.ts";

/** All in seconds. */
export interface Times {
  readonly timeout: number;
  readonly interval: number;
  readonly deadline: number;
}

/** How a check ended, after how many tries. */
export interface Ended {
  readonly state: CheckState;
  readonly tries: number;
  readonly seconds: number;
}

/**
 * Tries a check until it passes or its deadline has passed; at least once, and the
 * last try is not cut short by the deadline, only by its own timeout.
 */
export async function untilPassed(
  host: Host,
  check: Check,
  times: Times,
  signal: AbortSignal,
): Promise<Ended> {
  const begin = host.elapsedMs();
  const seconds = () => (host.elapsedMs() - begin) / 1000;
  for (let tries = 1; ; tries++) {
    const state = await tryOnce(host, check, times.timeout, signal);
    const isLast = seconds() + times.interval > times.deadline;
    if (state.kind === "passed" || isLast || signal.aborted)
      return { state, tries, seconds: seconds() };
    await pause(times.interval * 1000, signal);
  }
}

async function tryOnce(
  host: Host,
  check: Check,
  timeout: number,
  signal: AbortSignal,
): Promise<CheckState> {
  const over = timeLimit(timeout);
  try {
    const state = await check.run(host, AbortSignal.any([signal, over]));
    if (state.kind === "passed" || !over.aborted) return state;
  } catch (error) {
    if (!over.aborted) return { kind: "failed", why: messageOf(error) };
  }
  return { kind: "failed", why: `no answer within ${timeout} s` };
}
