import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { SlotKeeper } from "../lock/keeper.ts";
import type { Host } from "./host.ts";
import type { RecordStore } from "./store.ts";
import { Turn } from "./turn.ts";
import { type TellWaiting, writeWaitingNote } from "./waiting-note.ts";

/** What one finalization is carried out with. */
export interface Means {
  readonly host: Host;
  readonly store: RecordStore;
  readonly config: Config;
  /** Aborted when systemd asks this process to end; an act that has begun is finished first. */
  readonly stop: AbortSignal;
  readonly turn: Turn;
  readonly slots: SlotKeeper;
}

export function meansFor(
  { id, host: hostName }: Pick<FinalizationRecord, "id" | "host">,
  given: Pick<Means, "host" | "store" | "config" | "stop">,
): Means {
  const { host, store, config, stop } = given;
  const turn = new Turn(host, store, id, stop);
  const slots = new SlotKeeper(host, store, config.lock, { id, host: hostName }, stop);
  return { ...given, turn, slots };
}

/** For those who ask meanwhile what a finalization waits for. */
export function tellerOf({ host, store }: Means, record: FinalizationRecord): TellWaiting {
  return (note) => {
    writeWaitingNote(store, record.id, note);
    void host.report?.measured(record);
  };
}
