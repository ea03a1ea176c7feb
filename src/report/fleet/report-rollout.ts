import type { Config } from "../../core/config/config.ts";
import type { RolloutSeen } from "../../core/fleet/seen.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { messageOf } from "../../core/refusal.ts";
import type { Host, OwnCommand } from "../../host/process/host.ts";
import {
  noteAfter,
  readRolloutNote,
  type RolloutNote,
  writeRolloutNote,
} from "../../state-dir/rollout-note.ts";
import { RecordStore } from "../../state-dir/store.ts";
import { Outbox } from "../outbox.ts";
import { refreshMetrics, startDelivery } from "../start-delivery.ts";
import { oweGroupStatuses } from "./owe-statuses.ts";

/** Notes what this host has seen of the rollout, and makes the statuses of the group owed that follow. */
export async function reportRollout(
  host: Host,
  config: Config,
  record: FinalizationRecord,
  seen: RolloutSeen,
  deliver: OwnCommand,
): Promise<void> {
  const store = new RecordStore(config.stateDir);
  const before = readRolloutNote(store.folder);
  const after = noteAfter(before, seen, host.now().toISOString(), record);
  if (after === null) return;
  // Before the note: after a crash in between, it is owed again, and sent once more.
  const owed = await oweGroupStatuses(host, new Outbox(host, store.folder), store, config.report, {
    before,
    after,
    seen,
    record,
  });
  keep(host, store, after);
  if (owed === "owed-now") {
    await startDelivery(host, config, deliver).catch((error: unknown) => {
      host.say(`cannot start the delivery of reports: ${messageOf(error)}`);
    });
  }
  await refreshMetrics(host, store, config);
}

function keep(host: Host, store: RecordStore, note: RolloutNote): void {
  try {
    writeRolloutNote(store.folder, note);
  } catch (error) {
    host.say(`cannot note the rollout: ${messageOf(error)}`);
  }
}
