/** What every finalization id looks like: the moment it was scheduled (UTC) and four characters more. */
export const ID_PATTERN = /^\d{8}-\d{6}-[0-9a-z]{4}$/;

/**
 * Names a finalization: `20261122-213000-k3f9`. Sorts by time, to the millisecond: the first two of
 * the last four characters are those, the others are random. Fits into unit and file names as it is.
 *
 * @param random numbers from 0 up to but not including 1
 */
export function newId(now: Date, random: () => number): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const fraction = base36(now.getUTCMilliseconds());
  const chance = base36(Math.floor(random() * 36 * 36));
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${fraction}${chance}`;
}

/** Two characters for numbers below 1296. */
function base36(number: number): string {
  return number.toString(36).padStart(2, "0");
}

/** The transient units of a finalization. */
export function unitName(id: string): string {
  return `deploy-finalize-${id}`;
}

/** Takes up after a boot what has not ended. */
export const RESUME_UNIT = "deploy-finalize-resume.service";
