import type { ClockReading } from "./clock.ts";
import { type FinalizationRecord, hasBootedSinceAct } from "./record.ts";

/**
 * Whether a login of this boot began after the act, so that it shows that the host can be reached
 * since then. An older program does not note when its switch had ended; it asked after that.
 *
 * @param began in seconds since the boot, as `uptime` of a reading
 */
export function beganAfterAct(
  record: FinalizationRecord,
  { bootId, began }: { readonly bootId: string; readonly began: number },
): boolean {
  const { acted, confirmation } = record.clocks;
  if (acted?.bootId === bootId) return isLater(began, acted);
  if (hasBootedSinceAct(record, bootId)) return true;
  return confirmation?.bootId === bootId && isLater(began, confirmation);
}

/** Later by a tick of the clock at least: neither of the two is more exact. */
function isLater(began: number, { uptime }: ClockReading): boolean {
  return uptime !== null && began > uptime;
}
