import { isUnfinished } from "../../core/record/record.ts";
import { messageOf } from "../../core/refusal.ts";
import { idsOfParts, owesItsEnd } from "../../fleet/part/part-store.ts";
import type { Host } from "../../host/process/host.ts";
import { pinnedIds } from "../../state-dir/pins.ts";
import type { ReadRecord, RecordStore } from "../../state-dir/store.ts";

/** Whether the group of a finalization is to be told that its record is lost or cannot be read. */
export async function isLostAndOwing(
  store: RecordStore,
  id: string,
  kind: ReadRecord["kind"],
): Promise<boolean> {
  return (kind === "missing" || kind === "broken") && (await owesItsEnd(store, id));
}

/**
 * The finalizations that owe their group an end, and that no pins lead to: the record is lost, or a former
 * version of this program, which knew no rollouts, has ended them.
 */
export async function owingWithoutPins(host: Host, store: RecordStore): Promise<string[]> {
  const pinned = new Set(pinnedIds(host.paths));
  const owing: string[] = [];
  for (const id of idsOfParts(store)) {
    if (pinned.has(id)) continue;
    await unlessUnreadable(host, id, async () => {
      if (await owesWithoutPins(store, id)) owing.push(id);
    });
  }
  return owing;
}

async function owesWithoutPins(store: RecordStore, id: string): Promise<boolean> {
  if (!(await owesItsEnd(store, id))) return false;
  const read = await store.read(id);
  if (read.kind === "record") return !isUnfinished(read.record);
  return await isLostAndOwing(store, id, read.kind);
}

/** For one of many: an old file that cannot be read must not keep up the others. */
export async function unlessUnreadable(
  host: Host,
  id: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    host.say(`cannot look whether ${id} has to go on: ${messageOf(error)}`);
  }
}
