import type { FinalizationRecord } from "./record.ts";

/** What to do with the slot of the fleet lock at the end of a finalization. */
export type SlotAtEnd = NonNullable<FinalizationRecord["slotAtEnd"]>;

/** Why a finalization that has ended keeps its slot. */
export function whyKept({ outcome, state }: FinalizationRecord): string {
  return outcome?.reason ?? state;
}

/**
 * Decided at the end, because it depends on the boot in which the finalization ends.
 *
 * @param record before its end
 * @param state how it ends
 */
export function slotAtEnd(
  record: FinalizationRecord,
  state: FinalizationRecord["state"],
  bootId: string,
  onRollback: "keep" | "give-back",
): SlotAtEnd {
  if (state === "live") return "give-back";
  // A bad deploy must not walk through the fleet.
  if (state === "rolled-back") return onRollback === "keep" ? "keep" : "give-back-own";
  return state === "failed" && hasActed(record, bootId) ? "keep" : "give-back-own";
}

function hasActed(record: FinalizationRecord, bootId: string): boolean {
  const { rebootAskedInBoot, rebootBackAskedInBoot } = record;
  const boots = [rebootAskedInBoot, rebootBackAskedInBoot];
  return boots.some((boot) => boot !== null && boot !== bootId) || hasSwitched(record, bootId);
}

/** A switch that ends in its own state has been refused, or another process has acted, unless a boot cut it off. */
function hasSwitched({ state, switchedInBoot }: FinalizationRecord, bootId: string): boolean {
  if (switchedInBoot === null) return false;
  if (state === "switching") return switchedInBoot !== bootId;
  return state === "verifying" || state === "rolling-back";
}
