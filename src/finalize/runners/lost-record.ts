import type { Host } from "../../host/process/host.ts";
import { startAgain } from "./stop.ts";
import { forgetStopped, notedRunners } from "./stopped.ts";

/** Starts the runners that a finalization has stopped, if its record can no longer tell them. */
export async function startRunnersOfLost(host: Host, id: string): Promise<void> {
  const units = [...notedRunners(host, id).keys()];
  if (units.length === 0) return;
  host.say(`starts ${units.join(", ")} again, which ${id} had stopped`);
  const left = await startAgain(host, id, units);
  if (left.length === 0) forgetStopped(host, id);
}
