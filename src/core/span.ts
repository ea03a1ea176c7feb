/** The units of systemd.time(7) from milliseconds to weeks, by their first letters. */
const UNIT_MS = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);
const PART =
  /(\d+)\s*(ms|msec|s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?|w|weeks?)(?![a-z])\s*/gy;

/** A year. More is a mistake, and timers must stay in range. */
export const LONGEST_SPAN_SECONDS = 366 * 86_400;

/**
 * Parses a span: whole seconds (`90`) or the units of systemd.time(7) from milliseconds to weeks
 * (`90s`, `5min`, `1h 30min`).
 *
 * @returns seconds from 0, or null if the text is not a span
 */
export function secondsIn(text: string): number | null {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : sumOfParts(trimmed);
}

/** The same in whole seconds; null also if it is longer than a year. */
export function parseSpan(text: string): number | null {
  const seconds = secondsIn(text);
  const isFit = seconds !== null && seconds <= LONGEST_SPAN_SECONDS && Number.isInteger(seconds);
  return isFit ? seconds : null;
}

function sumOfParts(text: string): number | null {
  const parts = [...text.matchAll(PART)];
  if (text === "" || parts.map(([part]) => part).join("") !== text) return null;
  const ms = parts.map(([, count, unit = ""]) => {
    const letters = unit.startsWith("ms") ? "ms" : unit.charAt(0);
    return Number(count) * (UNIT_MS.get(letters) ?? 0);
  });
  return ms.reduce((sum, part) => sum + part, 0) / 1000;
}

/** Never negative: a clock may have been set back between the two moments. */
export function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}
