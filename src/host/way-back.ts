import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "./host.ts";
import { generationOf } from "./profile.ts";
import type { SetBack } from "./setting-back.ts";
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
export function wayBackOf({ paths }: Host, record: FinalizationRecord): WayBack {
  const { id, profile, target, previous } = record;
  if (previous === null) throw new Refusal(`${id} knows of no system before it`);
  if (previous === target) {
    throw new Refusal(`${id} brought no other system live: ${target} ran before it too`);
  }
  if (findToplevel(previous).kind !== "toplevel") {
    throw new Refusal(
      `the system before ${id} is not in the store any more: ${previous} (garbage-collected?). ` +
        `Deploy it again.`,
    );
  }
  const generation = generationOf(profile, previous)?.number ?? null;
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
  // At previous: an earlier call was cut off after its first step, and this one does the rest.
  if (at !== target && at !== previous) {
    throw new Refusal(
      `${profile} has moved on to ${at ?? "nothing that resolves"}, which waits to be made live. ` +
        `Drop that first: deploy-finalize cancel --restore-boot-default`,
    );
  }
  return { profile, from: target, to: previous, generation };
}
