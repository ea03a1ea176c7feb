import type { FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/**
 * The record that the user means.
 *
 * @param wanted the first characters of an ID or of its last four characters; without it, the newest
 * @throws Refusal if there is none, if there are several, or if it cannot be read
 */
export async function findRecord(
  store: RecordStore,
  wanted: string | undefined,
): Promise<FinalizationRecord> {
  const id = wanted === undefined ? store.newest() : findId(everyId(store), wanted);
  if (id === null) {
    throw new Refusal(`no finalization yet: there is no record in ${store.folder}`);
  }
  const read = await store.read(id);
  if (read.kind === "missing" && store.setAside().includes(id)) {
    throw new Refusal(`the record of ${id} is damaged; it was renamed to ${id}.json.broken`);
  }
  if (read.kind === "missing") throw new Refusal(`there is no finalization ${id}`);
  if (read.kind === "record") return read.record;
  throw new Refusal(`the record of ${id} cannot be read: ${read.why}`);
}

/** Including those of broken records, oldest first. */
export function everyId(store: RecordStore): string[] {
  return [...new Set([...store.ids(), ...store.setAside()])].toSorted();
}

/**
 * @param ids every id, oldest first
 * @throws Refusal if `wanted` matches none or several
 */
export function findId(ids: readonly string[], wanted: string): string {
  const found = ids.filter((id) => isMeant(id, wanted));
  const [id] = found;
  if (id === undefined || wanted === "") {
    throw new Refusal(
      `there is no finalization ${wanted || '""'}. To list them: deploy-finalize history`,
    );
  }
  if (found.length > 1 && id !== wanted) {
    const some = found.slice(-5).toReversed().join(", ");
    throw new Refusal(
      `${wanted} matches ${found.length} finalizations: ${some}. Type more characters of the ID.`,
    );
  }
  return id;
}

function isMeant(id: string, wanted: string): boolean {
  return id.startsWith(wanted) || id.slice(id.lastIndexOf("-") + 1).startsWith(wanted);
}
