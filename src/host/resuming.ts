import { eventEntry } from "../core/journal-entry.ts";
import type { Host } from "./host.ts";
import { readOrRefuse } from "./finalize.ts";
import type { OwnCommand } from "./own-command.ts";
import { pinnedAt, pinnedIds, unpin } from "./pins.ts";
import type { RecordStore } from "./store.ts";
import * as systemd from "./systemd.ts";

/**
 * Starts the unit of a finalization that holds pins, so has not ended or not tidied
 * up, and that nothing runs or is about to run. A switch starts the resume unit
 * too, as every unit that an active target wants: then the finalization that
 * switches is left alone.
 */
export async function resumeOne(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
  id: string,
): Promise<void> {
  const isRecorded = (await store.read(id)).kind !== "missing";
  const record = isRecorded ? await readOrRefuse(host, store, id) : null;
  if (await systemd.isArmed(host, id)) return;
  if (record === null) return dropPins(host, id);
  await host.journal.announce(
    eventEntry("taken-up", id, `takes up ${id}, which is ${record.state}`),
  );
  const command = [...run.command, id];
  await systemd.launch(host, { id, action: record.plan.action, command, path: run.path });
}

/** To schedule takes no longer than this, nor does the time from a boot to its resume unit. */
const YOUNG_MS = 600_000;

/** Its scheduling was killed in the middle, or is at it. One of another state folder is armed, or was lost with a boot. */
function dropPins(host: Host, id: string): void {
  if (host.now().getTime() - pinnedAt(host.paths, id).getTime() < YOUNG_MS) return;
  unpin(host.paths, id);
  host.say(`${id} was never recorded: drops its pins`);
}

/** Every finalization that may have something left to do, the oldest first. */
export function unfinishedIds(host: Host): string[] {
  return pinnedIds(host.paths).toSorted();
}
