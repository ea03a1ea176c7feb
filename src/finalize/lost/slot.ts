import type { LockConfig } from "../../core/config/lock-config.ts";
import { SlotStore } from "../../fleet/slot-store.ts";
import type { Host, OwnCommand } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import * as commands from "../../host/systemd/commands.ts";
import { orderOf, startTransient } from "../../host/systemd/systemd.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/**
 * Starts a process that gives back the slot of this host, if the finalization that took the slot may
 * have lost its record. The process looks again, and asks the lock server, which this one cannot:
 * the resume unit has no network.
 *
 * @param lost the finalizations that were pinned before this boot and have no record
 */
export async function releaseLostSlot(
  host: Host,
  store: RecordStore,
  lock: LockConfig | null,
  lost: readonly string[],
  release: () => OwnCommand,
): Promise<void> {
  if (!(await mayBeLost(host, store, lock, lost))) return;
  const order = await orderOf(host);
  const ended = await startTransient(host, () => commands.releaseLostSlot(release(), order));
  if (ended.exitCode === 0) return;
  host.say(
    `cannot start to give the slot of the fleet lock back: ${describeEnd(ended)}. ` +
      `See deploy-finalize lock status`,
  );
}

async function mayBeLost(
  host: Host,
  store: RecordStore,
  lock: LockConfig | null,
  lost: readonly string[],
): Promise<boolean> {
  const seen = new SlotStore(store.folder, host.say).look();
  switch (seen.kind) {
    case "none":
      // The note of the slot is lost with the record.
      return lock !== null && lock.for.length > 0 && lost.length > 0;
    case "slot":
      return (
        seen.slot.keptBecause === null &&
        (await store.read(seen.slot.finalization)).kind === "missing"
      );
    case "unknown":
      return false;
  }
}
