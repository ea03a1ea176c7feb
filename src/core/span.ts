/** The units of systemd.time(7) from seconds to days, by their first letter. */
const UNIT_SECONDS = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
]);
const PART = /(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?)(?![a-z])\s*/gy;

/** A year. More is a mistake, and timers must stay in range. */
export const LONGEST_SPAN_SECONDS = 366 * 86_400;

/**
 * Parses a span: whole seconds (`90`) or the units of systemd.time(7) from seconds to days (`90s`,
 * `5min`, `1h 30min`).
 *
 * @returns seconds from 0, or null if the text is not a span or is longer than a year
 */
export function parseSpan(text: string): number | null {
  const trimmed = text.trim();
  const seconds = /^\d+$/.test(trimmed) ? Number(trimmed) : sumOfParts(trimmed);
  return seconds !== null && seconds <= LONGEST_SPAN_SECONDS ? seconds : null;
}

function sumOfParts(text: string): number | null {
  const parts = [...text.matchAll(PART)];
  if (text === "" || parts.map(([part]) => part).join("") !== text) return null;
  return parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_SECONDS.get(unit.charAt(0)) ?? 0),
    0,
  );
}

/** Never negative: a clock may have been set back between the two moments. */
export function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}
