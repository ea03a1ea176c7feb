import type { RunnerConfig } from "../../core/config/config.ts";
import { lookAtRunners } from "../../gates/runners/state.ts";
import type { Host } from "../../host/process/host.ts";
import { asked } from "../../host/process/time.ts";

/** The report of a runner takes longer. */
const LOOK_MS = 250;

/**
 * Resolves when no job is seen any more on runners that are being drained, or with the signal; true if
 * that was seen. Never rejects.
 */
export async function jobsEnd(
  host: Host,
  runners: readonly RunnerConfig[],
  signal: AbortSignal,
): Promise<boolean> {
  const seen = await lookAtRunners(host, runners);
  const traces = seen.flatMap(({ state }) => (state.kind === "busy" ? [state.isOver] : []));
  const ends = traces.filter((isOver) => isOver !== undefined);
  if (ends.length < traces.length) return false;
  const areOver = (): boolean => ends.every((isOver) => isOver());
  if (!areOver()) await asked(LOOK_MS, areOver, signal);
  return !signal.aborted;
}
