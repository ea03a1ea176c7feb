import { isUnfinished } from "../../core/record/record.ts";
import { endStuck } from "../../finalize/newest/ending.ts";
import { readClock } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { pause } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { readTries, type TriesInRow, writeTries } from "../../state-dir/tries.ts";

/** In a unit: how long to wait before each further try, in seconds; then always the last one. */
export const BACK_OFF = [1, 2, 5, 10, 30, 60];

/** In a unit: a finalization that could not continue for this long, in seconds, has failed. */
export const GIVE_UP = 24 * 3600;

/** A try that lasts longer, in seconds, has continued, so the time limit begins anew. */
export const CONTINUED = 60;

/** A process that was killed a few times goes on at once: somebody may have restarted the unit. */
const FREE = 3;

export function pauseAfter(tries: number): number {
  return BACK_OFF[Math.min(tries, BACK_OFF.length) - 1] ?? 0;
}

interface Driven {
  readonly host: Host;
  readonly store: RecordStore;
  readonly id: string;
}

/**
 * Begins a try in a unit. A process may die in each of its tries, by an uncaught exception or for want
 * of memory, so systemd would start it again for ever: the pauses grow, and after a day it has failed.
 *
 * @returns `failed` if it has been ended for that, `stopped` if the signal aborted
 */
export async function beginTry(
  { host, store, id }: Driven,
  stop: AbortSignal,
): Promise<"begun" | "failed" | "stopped"> {
  const row = rowNow(host, readTries(store, id));
  if (row !== null && row.at - row.since > GIVE_UP) {
    const reason = `could not continue: its process has died ${row.tries} times in a row`;
    if ((await endStuck(host, store, { id, stop }, reason)) === "ended") {
      writeTries(store, id, null);
      return "failed";
    }
  }
  const tries = row?.tries ?? 0;
  if (tries > FREE && !(await hasEnded(store, id)))
    await pause(pauseAfter(tries - FREE) * 1000, stop);
  if (stop.aborted) return "stopped";
  const { bootId, uptime } = readClock(host);
  if (uptime === null) return "begun";
  const since = row?.since ?? uptime;
  writeTries(store, id, { bootId, since, at: uptime, tries: tries + 1 });
  return "begun";
}

/** Only its clean-up is left then, which must not wait. */
async function hasEnded(store: RecordStore, id: string): Promise<boolean> {
  const read = await store.read(id);
  return read.kind === "record" && !isUnfinished(read.record);
}

/** The row up to now; null if its last try continued, or was in another boot. */
function rowNow(host: Host, row: TriesInRow | null): TriesInRow | null {
  const { bootId, uptime } = readClock(host);
  if (row === null || uptime === null || row.bootId !== bootId) return null;
  return uptime - row.at > CONTINUED ? null : row;
}

/** The try has ended by itself. */
export function endTry({ store, id }: Driven): void {
  writeTries(store, id, null);
}
