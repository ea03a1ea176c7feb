import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import type { RecordStore } from "../host/store.ts";

/**
 * The record that somebody means.
 *
 * @param wanted an id, or how it or its last four characters begin; the newest where it is not given
 * @throws Refusal where there is none, where more than one is meant, or where it cannot be read
 */
export async function findRecord(
  store: RecordStore,
  wanted: string | undefined,
): Promise<FinalizationRecord> {
  const id = wanted === undefined ? store.newest() : findId(everyId(store), wanted);
  if (id === null) {
    throw new Refusal(`nothing has been finalized yet: no record in ${store.folder}`);
  }
  const read = await store.read(id);
  if (read.kind === "missing" && store.setAside().includes(id)) {
    throw new Refusal(
      `the record of ${id} could not be used, and was set aside: ${id}.json.broken`,
    );
  }
  if (read.kind === "missing") throw new Refusal(`there is no finalization ${id}`);
  if (read.kind === "broken") throw new Refusal(`the record of ${id} cannot be read: ${read.why}`);
  return read.record;
}

/** Those that were set aside too, oldest first. */
export function everyId(store: RecordStore): string[] {
  return [...new Set([...store.ids(), ...store.setAside()])].toSorted();
}

/**
 * @param ids every id there is, oldest first
 * @throws Refusal where `wanted` is the beginning of none, or of more than one
 */
export function findId(ids: readonly string[], wanted: string): string {
  const found = ids.filter((id) => isMeant(id, wanted));
  const [id] = found;
  if (id === undefined || wanted === "") {
    throw new Refusal(`there is no finalization ${wanted || '""'}. ${KNOWN_FROM_HISTORY}`);
  }
  if (found.length > 1 && id !== wanted) {
    const some = found.slice(-5).toReversed().join(", ");
    throw new Refusal(`${wanted} may be any of ${found.length}: ${some}. Give more of the id.`);
  }
  return id;
}

const KNOWN_FROM_HISTORY = "Known ones: deploy-finalize history.";

function isMeant(id: string, wanted: string): boolean {
  return id.startsWith(wanted) || id.slice(id.lastIndexOf("-") + 1).startsWith(wanted);
}
