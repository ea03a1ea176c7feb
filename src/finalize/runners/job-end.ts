import type { RunnerConfig } from "../../core/config/config.ts";
import { lookAtRunners } from "../../gates/runners/state.ts";
import type { Host } from "../../host/process/host.ts";
import { asked } from "../../host/process/time.ts";

/** The report of a runner takes longer. */
const LOOK_MS = 250;

/**
 * Watches runners that are being drained, until the signal. Never rejects.
 *
 * @param ended called once no job of them is seen any more
 */
export async function watchJobs(
  host: Host,
  runners: readonly RunnerConfig[],
  signal: AbortSignal,
  ended: () => void,
): Promise<void> {
  const seen = await lookAtRunners(host, runners);
  const traces = seen.flatMap(({ state }) => (state.kind === "busy" ? [state.isOver] : []));
  const ends = traces.filter((isOver) => isOver !== undefined);
  // Some end is not seen from here.
  if (ends.length < traces.length) return;
  const areOver = (): boolean => ends.every((isOver) => isOver());
  if (!areOver()) await asked(LOOK_MS, areOver, signal);
  if (!signal.aborted) ended();
}
