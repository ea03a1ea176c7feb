import { activatedOf, type FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import { isTerminal } from "../../core/states.ts";
import { profileBehind } from "../../host/nixos/profile.ts";
import { findToplevel, toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import type { DeployUndo } from "../undo-deploy.ts";

/**
 * The change of the profile that brings the target of an ended finalization back, from the present
 * facts.
 *
 * @throws Refusal if the target is gone, or if that would replace a deploy that is not live yet
 */
export async function findRetryTarget(
  { paths }: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<DeployUndo> {
  const { id, profile, target } = record;
  requireRetriable(record);
  if (findToplevel(target).kind !== "toplevel") {
    throw new Refusal(
      `the target of ${id} is no longer in the store: ${target} (garbage-collected?). Deploy it again.`,
    );
  }
  const newest = await store.readNewest();
  if (newest !== null && !isTerminal(newest.state)) {
    throw new Refusal(
      `${newest.id} has not ended: it is ${newest.state}. ` +
        `Wait for it first: deploy-finalize wait ${newest.id}`,
    );
  }
  const at = toplevelAt(profile);
  if (at === null) throw new Refusal(`${profile} points to nothing`);
  const current = toplevelAt(paths.currentSystem);
  if (record.state === "live" && current === activatedOf(record)) {
    throw new Refusal(`the target of ${id} is the running system. There is nothing to retry`);
  }
  const runs = at === current || at === profileBehind(profile, current, target);
  if (at !== target && !runs) {
    throw new Refusal(
      `${profile} points to ${at}, which is neither the target of ${id} nor the running system. ` +
        `First set it back: deploy-finalize undo`,
    );
  }
  return { profile, from: at, to: target };
}

/** @throws Refusal unless it is a deploy that has ended */
export function requireRetriable({ id, state, rollbackOf }: FinalizationRecord): void {
  switch (state) {
    case "live":
    case "failed":
    case "rolled-back":
    case "cancelled":
      if (rollbackOf === null) return;
      throw new Refusal(
        `${id} is a rollback of ${rollbackOf}. To bring back what was rolled back: ` +
          `deploy-finalize retry ${rollbackOf}`,
      );
    case "superseded":
      throw new Refusal(`${id} was superseded by a newer finalization. There is nothing to retry`);
    case "scheduled":
    case "waiting":
    case "switching":
    case "rebooting":
    case "verifying":
    case "rolling-back":
      throw new Refusal(
        `${id} has not ended: it is ${state}. Wait for it: deploy-finalize wait ${id}`,
      );
  }
}
