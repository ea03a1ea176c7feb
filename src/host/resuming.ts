import { eventEntry } from "../core/journal-entry.ts";
import type { Host } from "./host.ts";
import { pinnedIds } from "./pins.ts";
import { readOrRefuse } from "./finalize.ts";
import type { RecordStore } from "./store.ts";
import * as systemd from "./systemd.ts";

/** The parts of a launch that are the same for every finalization. */
export interface RunCommand {
  /** The command line that runs a finalization, without its id. */
  readonly command: readonly string[];
  readonly path: string;
}

/**
 * Starts the unit of a finalization that holds pins, so has not ended or not tidied
 * up, and that nothing runs or is about to run. A switch starts the resume unit
 * too, as every unit that an active target wants: then the finalization that
 * switches is left alone.
 */
export async function resumeOne(
  host: Host,
  store: RecordStore,
  run: RunCommand,
  id: string,
): Promise<void> {
  const record = await readOrRefuse(host, store, id);
  if (await systemd.isArmed(host, id)) return;
  await host.journal.announce(
    eventEntry("taken-up", id, `takes up ${id}, which is ${record.state}`),
  );
  const command = [...run.command, id];
  await systemd.launch(host, { id, action: record.plan.action, command, path: run.path });
}

/** Every finalization that may have something left to do, the oldest first. */
export function unfinishedIds(host: Host): string[] {
  return pinnedIds(host.paths).toSorted();
}
