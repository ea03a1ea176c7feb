import { memoryUnder } from "../../boot/volatile.ts";
import { eventEntry } from "../../core/record/journal-entry.ts";
import { bootedAt } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { pinnedAt, unpin } from "../../state-dir/pins.ts";

/** Longer than scheduling takes, and longer than a boot needs to reach its resume unit. */
const YOUNG_MS = 600_000;

/**
 * Drops the pins of a finalization that has no record and no timer. Pins of this boot may belong to
 * a scheduling that goes on, so they stay for a time. Pins from before this boot cannot.
 *
 * @returns `lost` if the finalization was pinned before this boot
 */
export async function dropPins(
  host: Host,
  stateDir: string,
  id: string,
): Promise<"lost" | "dropped" | "young"> {
  const pinned = pinnedAt(host.paths, id);
  const booted = bootedAt(host);
  if (booted !== null && pinned < booted) {
    await host.journal.announce(eventEntry("record-lost", id, whatIsLost(host, stateDir, id)));
    unpin(host.paths, id);
    return "lost";
  }
  if (host.now().getTime() - pinned.getTime() < YOUNG_MS) return "young";
  unpin(host.paths, id);
  host.say(`${id} has no record; removes its garbage-collector roots`);
  return "dropped";
}

function whatIsLost(host: Host, stateDir: string, id: string): string {
  const memory = memoryUnder(host.paths, stateDir);
  const why = memory === null ? "" : `, which is on ${memory} and does not survive a reboot`;
  return (
    `${id} was scheduled before this boot and has no record in ${stateDir}${why}: its record is ` +
    `lost, and nothing verifies that deploy or rolls it back. Removes its garbage-collector roots`
  );
}
