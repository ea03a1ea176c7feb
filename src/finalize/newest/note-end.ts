import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { pause } from "../../host/process/time.ts";

/** Seconds before each further try. */
const BACK_OFF = [0.5, 1, 2];

/**
 * Reports the end of a finalization before its pins go, because nothing tries again after that. A
 * process that has no file descriptors for a moment tries again; what cannot be noted for longer, as
 * in an outbox that cannot be written, keeps no finalization up.
 */
export async function noteEnd(
  host: Host,
  record: FinalizationRecord,
  stop: AbortSignal = new AbortController().signal,
): Promise<void> {
  for (const seconds of [...BACK_OFF, null]) {
    const noted = (await host.report?.changed(record)) ?? "noted";
    if (noted === "noted" || seconds === null || stop.aborted) return;
    await pause(seconds * 1000, stop);
  }
}
