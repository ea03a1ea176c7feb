const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A duration in its two largest units: `0.3 s`, `12 s`, `2 min 5 s`, `3 h 10 min`, `4 d 2 h`.
 *
 * @param seconds a negative number counts as 0, because a clock may have been set back
 */
export function duration(seconds: number): string {
  const length = Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
  if (length < 9.95) return `${Number(length.toFixed(1))} s`;
  const whole = Math.round(length);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return twoUnits(whole, MINUTE, "min", 1, "s");
  const minutes = Math.round(length / MINUTE) * MINUTE;
  if (minutes < DAY) return twoUnits(minutes, HOUR, "h", MINUTE, "min");
  return twoUnits(Math.round(length / HOUR) * HOUR, DAY, "d", HOUR, "h");
}

function twoUnits(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small);
  const first = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** A duration in its largest unit, for columns: `1.3 s`, `2 min`, `3 h`, `4 d`. */
export function shortDuration(seconds: number): string {
  return duration(seconds).split(" ").slice(0, 2).join(" ");
}

/** The distance of a moment from now: `3 min ago`, `in 40 s`, `just now`. */
export function age(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  if (seconds === 0) return "just now";
  const length = shortDuration(Math.abs(seconds));
  return seconds > 0 ? `${length} ago` : `in ${length}`;
}

export function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":");
}

export function dateOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join("-");
}

/** Local time, with the date if that is not today. */
export function clock(at: Date, now: Date): string {
  return dateOf(at) === dateOf(now) ? timeOfDay(at) : `${dateOf(at)} ${timeOfDay(at)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
