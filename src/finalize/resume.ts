import { eventEntry } from "../core/record/journal-entry.ts";
import type { Host, OwnCommand } from "../host/process/host.ts";
import { readOrRefuse } from "./finalize.ts";
import { isLostAndOwing } from "./lost/owing.ts";
import { announceIfLost, dropPins, requireMounted, type WhenLost } from "./lost/record.ts";
import { discardIfMoved } from "./newest/unarmed.ts";
import { isBeingScheduled } from "../state-dir/owner.ts";
import { pinnedIds } from "../state-dir/pins.ts";
import type { RecordStore } from "../state-dir/store.ts";
import * as systemd from "../host/systemd/systemd.ts";

/**
 * Starts the unit of a finalization with pins, which has not ended or not cleaned up, unless
 * something drives it already: a switch starts the resume unit too. One without a record whose group is to be
 * told of that has a unit too.
 *
 * @returns `lost` if it was scheduled before this boot and has no record
 */
export async function resumeOne(
  host: Host,
  store: RecordStore,
  run: OwnCommand,
  id: string,
  whenLost: WhenLost = "drop-pins",
): Promise<"lost" | "known"> {
  // Its timer is about to be armed. If its call is killed before, the newest one goes on.
  if (store.isPrepared(id) && isBeingScheduled(host, store)) return "known";
  const { kind } = await store.read(id);
  const isOwing = await isLostAndOwing(store, id, kind);
  // What cannot be read its own process puts aside.
  const record = kind === "missing" || isOwing ? null : await readOrRefuse(host, store, id);
  if (await systemd.isArmed(host, id)) return "known";
  if (record === null) {
    const { folder } = store;
    await requireMounted(host, folder);
    // If the group has to be told the end, the process that tells it drops the pins then.
    const isLost = isOwing
      ? kind === "missing" && (await announceIfLost(host, folder, id, "keep-pins"))
      : (await dropPins(host, folder, id, whenLost)) === "lost";
    if (isOwing || (isLost && whenLost === "keep-pins")) await launch(host, run, id, "lost");
    return isLost ? "lost" : "known";
  }
  discardIfMoved(store, record);
  await host.journal.announce(
    eventEntry("taken-up", id, `continues ${id}, which is ${record.state}`),
  );
  await launch(host, run, id, record.plan.action);
  return "known";
}

async function launch(host: Host, run: OwnCommand, id: string, action: string): Promise<void> {
  const wanted = { id, action, command: [...run.command, id], path: run.path };
  await systemd.launch(host, wanted, await systemd.orderOf(host));
}

export function unfinishedIds(host: Host): string[] {
  return pinnedIds(host.paths).toSorted();
}
