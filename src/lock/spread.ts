import { createHash } from "node:crypto";
import type { FinalizationRecord } from "../core/record.ts";

/** A fraction that follows from a text, from 0 up to but not including 1; others get others. */
export function fractionOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** How much longer each further pause may be than the first. */
const MOST_FACTOR = 10;

/**
 * The pause before the next try, in milliseconds: half to one and a half times the
 * interval, another one for each host and try, so that a fleet does not come at
 * once. Failures in a row double it, up to ten times the interval.
 *
 * @param interval seconds
 * @param failures how often the server could not be asked since it last answered
 */
export function pauseMs(
  { host, id }: Pick<FinalizationRecord, "host" | "id">,
  interval: number,
  tries: number,
  failures: number,
): number {
  const factor = Math.min(2 ** Math.max(0, failures - 1), MOST_FACTOR);
  return interval * 1000 * factor * (0.5 + fractionOf(`${host} ${id} ${tries}`));
}
