import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { LEAST_LEAD_MS, stopOwnTimer } from "../../host/systemd/systemd.ts";

/**
 * Stops the timer of a finalization that has ended, if it could elapse again: at its time of day if the
 * clock was set back, and whenever the clock is set if the finalization was put off.
 */
export async function stopTimerLeft(
  host: Host,
  { id, fireAt, deferredUntil }: FinalizationRecord,
): Promise<void> {
  const byCalendarMs = Date.parse(fireAt) + LEAST_LEAD_MS;
  if (deferredUntil !== null || host.now().getTime() < byCalendarMs) await stopOwnTimer(host, id);
}
