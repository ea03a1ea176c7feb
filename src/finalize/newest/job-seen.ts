import type { Config } from "../../core/config/config.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { isInUnit, ownControlGroups } from "../../host/files/control-group.ts";
import type { Host } from "../../host/process/host.ts";
import { pause, timeLimit } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { readWaitingNote } from "../../state-dir/waiting-note.ts";

/** In seconds. A unit that has not looked by then counts its grace from its first look. */
const MOST_SECONDS = 2;

const LOOK_MS = 50;

/**
 * Waits until the unit of a finalization has seen the job that this process is part of. Nothing tells
 * afterwards when a job ended: if it ended before the first look, the grace would count from that look,
 * and the act would come the later. Never rejects.
 */
export async function untilJobIsSeen(
  host: Host,
  store: RecordStore,
  { waitFor }: Pick<Config, "waitFor">,
  { id, delay }: Pick<FinalizationRecord, "id" | "delay">,
  stop: AbortSignal,
): Promise<void> {
  if (delay.seconds > 0) return;
  try {
    const groups = ownControlGroups(host.paths);
    if (!waitFor.runners.some(({ unit }) => isInUnit(unit, groups))) return;
    const over = AbortSignal.any([stop, timeLimit(MOST_SECONDS)]);
    while (!over.aborted && (await isBeforeItsLook(store, id))) await pause(LOOK_MS, over);
  } catch {
    // The call must not fail: a deployer would undo a deploy whose timer runs.
  }
}

async function isBeforeItsLook(store: RecordStore, id: string): Promise<boolean> {
  if (readWaitingNote(store, id) !== null) return false;
  const read = await store.read(id);
  if (read.kind !== "record" || read.record.deferredUntil !== null) return false;
  return ["scheduled", "waiting"].includes(read.record.state);
}
