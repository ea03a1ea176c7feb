import type { Config } from "../../core/config/config.ts";
import { placeOf } from "../../core/config/forge-run.ts";
import { EXIT } from "../../core/outcome.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { type DraftInput, draft, propose } from "../schedule.ts";
import { commit } from "./commit.ts";

/**
 * Schedules the reboot that a finalization has put off when it switched. It is a finalization of its
 * own, so it can be cancelled or superseded like any other, and rolls back to the booted system.
 * Nothing is scheduled if there is a newer finalization: that is this one after a crash, or a deploy.
 */
export async function schedulePutOffReboot(
  host: Host,
  store: RecordStore,
  config: Config,
  of: FinalizationRecord,
  by: Pick<DraftInput, "run" | "random">,
): Promise<void> {
  if (store.newest() !== of.id || toplevelAt(of.profile) !== of.target) return;
  const proposal = await propose(host, { ...config, profile: of.profile });
  // Another deploy may have set the profile since the look at it.
  if (proposal.plan.action !== "reboot" || proposal.target !== of.target) return;
  const drafted = draft(host, {
    config: { ...config, profile: of.profile },
    configFile: of.configFile,
    // The deploying job has ended.
    delayFlag: 0,
    proposal,
    hostName: of.host,
    requester: { ...of.requester, sessionId: null },
    revision: of.revision,
    rollout: of.rollout,
    forgeRun: placeOf(of.forgeRun),
    rebootOf: of.id,
    ...by,
  });
  try {
    await commit(host, store, drafted);
  } catch (error) {
    // Another deploy has set the profile since.
    if (!(error instanceof Refusal && error.exitCode === EXIT.dropped)) throw error;
  }
}
