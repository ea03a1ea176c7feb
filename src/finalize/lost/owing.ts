import { isUnfinished } from "../../core/record/record.ts";
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
    if (pinned.has(id) || !(await owesItsEnd(store, id))) continue;
    const read = await store.read(id);
    const isOver = read.kind === "record" && !isUnfinished(read.record);
    if (isOver || (await isLostAndOwing(store, id, read.kind))) owing.push(id);
  }
  return owing;
}
