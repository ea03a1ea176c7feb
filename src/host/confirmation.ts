import { nextChange } from "../gates/watch.ts";
import type { RecordStore } from "./store.ts";

/** Waits until somebody confirms a finalization, the time is over, or this process is to end. */
export async function awaitConfirmation(
  store: RecordStore,
  id: string,
  remainingMs: number,
  stop: AbortSignal,
): Promise<void> {
  const isConfirmed = (): boolean => store.requests(id).confirm !== null;
  if (isConfirmed()) return;
  const over = AbortSignal.any([stop, AbortSignal.timeout(Math.max(0, remainingMs))]);
  while (!over.aborted && !isConfirmed()) await nextChange(store.folder, isConfirmed, over);
}
