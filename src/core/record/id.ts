/** The form of an ID: the moment of scheduling (UTC) and four characters. */
export const ID_PATTERN = /^\d{8}-\d{6}-[0-9a-z]{4}$/;

/**
 * A new ID: `20261122-213000-k3f9`. IDs sort by time: the first two of the last four characters are the
 * milliseconds, the others are random. An ID is valid in unit and file names.
 *
 * @param random numbers from 0 up to but not including 1
 */
export function newId(now: Date, random: () => number): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const fraction = base36(now.getUTCMilliseconds());
  const chance = base36(Math.floor(random() * 36 * 36));
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${fraction}${chance}`;
}

/**
 * A new ID that sorts after another one: IDs sort as they were scheduled, also if the clock was set
 * back in between. Then its time is a millisecond after that of the other one.
 */
export function newIdAfter(last: string | null, now: Date, random: () => number): string {
  const id = newId(now, random);
  if (last === null || id > last || !ID_PATTERN.test(last)) return id;
  return newId(new Date(momentOf(last) + 1), random);
}

/** When it was made, in milliseconds of the epoch. */
export function momentOf(id: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  const [year = 0, month = 1, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...rest) + Number.parseInt(id.slice(16, 18), 36);
}

/** Two characters for numbers below 1296. */
function base36(number: number): string {
  return number.toString(36).padStart(2, "0");
}

export function unitName(id: string): string {
  return `deploy-finalize-${id}`;
}

/** Continues unfinished finalizations after a boot. */
export const RESUME_UNIT = "deploy-finalize-resume.service";

/** Does the same in a boot that does not get through; its timer starts it some minutes after boot. */
export const STUCK_BOOT_UNIT = "deploy-finalize-stuck-boot.service";
export const STUCK_BOOT_TIMER = "deploy-finalize-stuck-boot.timer";

/** `boot-complete.target` waits for it, and it for the verification. */
export const BOOT_COMPLETE_UNIT = "deploy-finalize-boot-complete.service";

/** Set in the environment of a finalization's unit: the exit codes are those for systemd then. */
export const UNIT_VARIABLE = "DEPLOY_FINALIZE_UNIT";
