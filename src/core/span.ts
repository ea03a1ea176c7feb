const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
};

/** The longest span that is taken, a year: more is a mistake, and timers must stay in range. */
export const LONGEST_SPAN_SECONDS = 366 * 86_400;

/**
 * Reads a span: whole seconds (`90`) or the units of systemd.time(7) from seconds
 * to days (`90s`, `5min`, `1h 30min`).
 *
 * @returns seconds, 0 and up, or null where the text is no span or longer than a year.
 */
export function parseSpan(text: string): number | null {
  const trimmed = text.trim();
  const seconds = /^\d+$/.test(trimmed) ? Number(trimmed) : sumOfParts(trimmed);
  return seconds !== null && seconds <= LONGEST_SPAN_SECONDS ? seconds : null;
}

function sumOfParts(text: string): number | null {
  if (!/^(\d+\s*[a-z]+\s*)+$/.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)\s*([a-z]+)/g)) {
    const factor = Object.hasOwn(UNIT_SECONDS, unit ?? "") ? UNIT_SECONDS[unit ?? ""] : undefined;
    if (factor === undefined) return null;
    total += Number(count) * factor;
  }
  return total;
}

/** Never less than none: a clock may have been set back between the two moments. */
export function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}
