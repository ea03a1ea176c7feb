import type { Requests } from "../core/machine-types.ts";
import { nextChange } from "../gates/watch.ts";
import type { RecordStore } from "./store.ts";
import { LONGEST_TIMER_MS, timeLimit } from "./time-limit.ts";

/** Waits until somebody confirms a finalization or asks for the way back, the time is over, or this process is to end. */
export async function awaitConfirmation(
  store: RecordStore,
  id: string,
  remainingMs: number,
  stop: AbortSignal,
): Promise<void> {
  for (let left = remainingMs; left > 0 && !stop.aborted; left -= LONGEST_TIMER_MS) {
    const over = AbortSignal.any([stop, timeLimit(left / 1000)]);
    await awaitRequest(store, id, ["confirm", "rollback"], over);
    if (!over.aborted) return;
  }
}

/** Waits until somebody makes one of the requests, or until the signal. */
export async function awaitRequest(
  store: RecordStore,
  id: string,
  kinds: readonly (keyof Requests)[],
  signal: AbortSignal,
): Promise<void> {
  const isMade = (): boolean => {
    const requests = store.requests(id);
    return kinds.some((kind) => requests[kind] !== null);
  };
  while (!signal.aborted && !isMade()) await nextChange(store.folder, isMade, signal);
}
