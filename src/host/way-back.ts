import { systemBefore } from "../core/can-go-back.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import type { Host } from "./host.ts";
import { generationOf } from "./profile.ts";
import type { SetBack } from "./setting-back.ts";
import type { RecordStore } from "./store.ts";
import { findToplevel, toplevelAt } from "./toplevel.ts";

/** The way from a finalization's target to the system before it; the latter is whole. */
export interface WayBack extends SetBack {
  /** The newest generation that holds it. */
  readonly generation: number;
}

/**
 * Finds the way back by the facts of now.
 *
 * @throws Refusal where there is none any more, or where it would take back more than this
 */
export async function wayBackOf(
  { paths }: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<WayBack> {
  const { id, profile, target } = record;
  const before = systemBefore(record);
  if (before.kind === "none") throw new Refusal(before.why);
  const previous = before.toplevel;
  if (findToplevel(previous).kind !== "toplevel") {
    throw new Refusal(
      `the system before ${id} is not in the store any more: ${previous} (garbage-collected?). ` +
        `Deploy it again.`,
    );
  }
  const generation = generationOf(profile, previous);
  if (generation === null) {
    throw new Refusal(
      `no generation of ${profile} holds the system before ${id} any more: ${previous}. ` +
        `Its generation was deleted; deploy it again.`,
    );
  }
  const current = toplevelAt(paths.currentSystem);
  if (current !== target) {
    throw new Refusal(
      `the running system is ${current ?? "unknown"}, not what ${id} brought live: ${target}`,
    );
  }
  const at = toplevelAt(profile);
  // One that verifies goes back itself, and leaves alone what waits in the profile for its turn.
  const mayHaveMoved = record.state === "verifying";
  // At previous: an earlier call was cut off after its first step, and this one does the rest.
  if (!mayHaveMoved && at !== target && at !== previous) {
    throw new Refusal(await howToDrop(store, record, at));
  }
  return { profile, from: target, to: previous, generation };
}

/** What to do about a profile that is at neither of the two systems. */
async function howToDrop(
  store: RecordStore,
  record: FinalizationRecord,
  at: string | null,
): Promise<string> {
  // Older ones have no say about the boot default any more.
  const newest = await store.readNewest();
  if (newest === null || newest.target !== at || !answersForIt(newest)) return byHand(record, at);
  const { id, state } = newest;
  const moved = `${record.profile} has moved on to ${at}, the target of ${id} (${state}).`;
  return hasBegunToAct(state) && !isTerminal(state)
    ? `${moved} See how that ends first: deploy-finalize wait ${id}`
    : `${moved} Drop that first: deploy-finalize cancel ${id} --restore-boot-default`;
}

/** One that is to bring it live, or that was dropped and left it there. */
function answersForIt({ state }: FinalizationRecord): boolean {
  return !isTerminal(state) || state === "cancelled";
}

/** Somebody has set it with no finalization, or that one is over. */
function byHand({ profile, target }: FinalizationRecord, at: string | null): string {
  const generation = generationOf(profile, target);
  const change = generation === null ? `--set ${target}` : `--switch-generation ${generation}`;
  return [
    `${profile} is at ${at ?? "nothing that resolves"}, which no finalization brings live. ` +
      `First set profile and boot default to the running system:`,
    `  nix-env --profile ${profile} ${change}`,
    `  ${target}/bin/switch-to-configuration boot`,
  ].join("\n");
}
