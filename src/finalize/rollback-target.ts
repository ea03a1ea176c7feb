import { previousSystem } from "../core/record/can-roll-back.ts";
import { activatedOf, type FinalizationRecord } from "../core/record/record.ts";
import { Refusal } from "../core/refusal.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import type { Host } from "../host/process/host.ts";
import { generationOf, specialisationName } from "../host/nixos/profile.ts";
import type { DeployUndo } from "./undo-deploy.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { findToplevel, toplevelAt } from "../host/nixos/toplevel.ts";

/** The change from a target to its previous system, which is complete in the store. */
export interface RollbackTarget extends DeployUndo {
  readonly generation: number;
}

/**
 * Finds the system to roll back to, from the present facts.
 *
 * @throws Refusal if it is gone, or if a rollback would also undo another deploy
 */
export async function findRollbackTarget(
  { paths }: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<RollbackTarget> {
  const { id, profile, target } = record;
  const found = previousSystem(record);
  if (found.kind === "none") throw new Refusal(found.why);
  const previous = asGeneration(record, found.toplevel);
  if (findToplevel(previous).kind !== "toplevel") {
    throw new Refusal(
      `the system before ${id} is no longer in the store: ${previous} (garbage-collected?). ` +
        `Deploy it again.`,
    );
  }
  const generation = generationOf(profile, previous);
  if (generation === null) {
    throw new Refusal(
      `the system before ${id} is no longer a generation of ${profile}: ${previous}. ` +
        `Its generation was deleted; deploy it again.`,
    );
  }
  const current = toplevelAt(paths.currentSystem);
  const activated = activatedOf(record);
  if (current !== activated) {
    throw new Refusal(
      `the running system is ${current ?? "unknown"}, not the target of ${id}: ${activated}`,
    );
  }
  const at = toplevelAt(profile);
  // A finalization that verifies rolls back itself and keeps a newer deploy in the profile.
  const mayHaveMoved = record.state === "verifying";
  // At previous: an earlier call was interrupted after its first step; this call does the rest.
  if (!mayHaveMoved && at !== target && at !== previous) {
    throw new Refusal(await howToClear(store, record, at));
  }
  return { profile, from: target, to: previous, generation };
}

/** A specialisation comes back with its generation. */
function asGeneration({ profile, previousProfile }: FinalizationRecord, previous: string): string {
  const name = specialisationName(profile, previous);
  return name === null ? previous : (previousProfile ?? previous);
}

/** How to free a profile that points to neither system. */
async function howToClear(
  store: RecordStore,
  record: FinalizationRecord,
  at: string | null,
): Promise<string | readonly string[]> {
  // Only the newest owns the boot default.
  const newest = await store.readNewest();
  if (newest === null || newest.target !== at || !ownsBootDefault(newest))
    return byHand(record, at);
  const { id, state } = newest;
  const moved = `${record.profile} now points to ${at}, the target of ${id} (${state}).`;
  return hasBegunToAct(state) && !isTerminal(state)
    ? `${moved} Wait for its end first: deploy-finalize wait ${id}`
    : `${moved} Cancel it first: deploy-finalize cancel ${id} --restore-boot-default`;
}

/** An unfinished one will activate it, and a cancelled one left it there. */
function ownsBootDefault({ state }: FinalizationRecord): boolean {
  return !isTerminal(state) || state === "cancelled";
}

/** No finalization owns it: somebody set it by hand, or its finalization has ended. */
function byHand({ profile, target }: FinalizationRecord, at: string | null): string[] {
  const generation = generationOf(profile, target);
  const change = generation === null ? `--set ${target}` : `--switch-generation ${generation}`;
  return [
    `${profile} points to ${at ?? "nothing"}, and no finalization will activate it. ` +
      `First set profile and boot default to the running system:`,
    `  nix-env --profile ${profile} ${change}`,
    `  ${target}/bin/switch-to-configuration boot`,
  ];
}
