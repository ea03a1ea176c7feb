/** What every finalization id looks like: the moment it was scheduled (UTC) and four random characters. */
export const ID_PATTERN = /^\d{8}-\d{6}-[0-9a-z]{4}$/;

/**
 * Names a finalization: `20261122-213000-k3f9`. Sorts by time, and fits into unit
 * and file names as it is.
 *
 * @param random numbers from 0 up to but not including 1
 */
export function newId(now: Date, random: () => number): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const suffix = Array.from({ length: 4 }, () => Math.floor(random() * 36).toString(36)).join("");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${suffix}`;
}

/** The transient units of a finalization. */
export function unitName(id: string): string {
  return `deploy-finalize-${id}`;
}

/** Takes up after a boot what has not ended. */
export const RESUME_UNIT = "deploy-finalize-resume.service";
