import { eventEntry } from "../core/record/journal-entry.ts";
import type { Host, OwnCommand } from "../host/process/host.ts";
import { readOrRefuse } from "./finalize.ts";
import { dropPins } from "./lost/record.ts";
import { discardIfMoved } from "./newest/unarmed.ts";
import { isBeingScheduled } from "../state-dir/owner.ts";
import { pinnedIds } from "../state-dir/pins.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { Refusal } from "../core/refusal.ts";
import { unmountedAt } from "../host/systemd/unmounted.ts";
import * as systemd from "../host/systemd/systemd.ts";

/**
 * Starts the unit of a finalization with pins, which has not ended or not cleaned up, unless
 * something drives it already: a switch starts the resume unit too.
 *
 * @returns `lost` if it was scheduled before this boot and has no record
 */
export async function resumeOne(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
  id: string,
): Promise<"lost" | "known"> {
  // Its timer is about to be armed. If its call is killed before, the newest one goes on.
  if (store.isPrepared(id) && isBeingScheduled(host, store)) return "known";
  const isRecorded = (await store.read(id)).kind !== "missing";
  const record = isRecorded ? await readOrRefuse(host, store, id) : null;
  if (await systemd.isArmed(host, id)) return "known";
  if (record === null) {
    await requireMounted(host, store.folder);
    return (await dropPins(host, store.folder, id)) === "lost" ? "lost" : "known";
  }
  discardIfMoved(store, record);
  await host.journal.announce(
    eventEntry("taken-up", id, `continues ${id}, which is ${record.state}`),
  );
  const command = [...run.command, id];
  const launch = { id, action: record.plan.action, command, path: run.path };
  await systemd.launch(host, launch, await systemd.orderOf(host));
  return "known";
}

/**
 * A record that is out of reach is not lost.
 *
 * @throws Refusal if the file system of the state folder is not mounted, as in emergency mode
 */
async function requireMounted(host: Host, stateDir: string): Promise<void> {
  const unmounted = await unmountedAt(host, stateDir);
  if (unmounted === null) return;
  throw new Refusal(
    `the state folder ${stateDir} cannot be read, because ${unmounted} is not mounted`,
  );
}

export function unfinishedIds(host: Host): string[] {
  return pinnedIds(host.paths).toSorted();
}
