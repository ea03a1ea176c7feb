import { setTimeout as delay } from "node:timers/promises";

export type UntilOptions = {
  /** Milliseconds; default two minutes, for a busy machine. */
  deadlineMs?: number;
  /** What the error shows besides what was waited for. */
  evidence?: () => Promise<string> | string;
};

/**
 * Asks every 10 ms until the answer is neither undefined nor false, and returns it. Throws past
 * the deadline with `what` and the evidence.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: UntilOptions = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? 120_000;
  const end = performance.now() + deadlineMs;
  for (;;) {
    // A pause of this process that outlasts the deadline leaves one more look.
    const isLast = performance.now() >= end;
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (isLast) break;
    await delay(10);
  }
  const evidence = (await options.evidence?.()) ?? "";
  throw new Error(`waited ${deadlineMs} ms for: ${what}\n${evidence}`);
}
