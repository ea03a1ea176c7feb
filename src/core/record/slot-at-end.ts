import type { FinalizationRecord } from "./record.ts";

/** What to do with the slot of the fleet lock at the end of a finalization. */
export type SlotAtEnd = NonNullable<FinalizationRecord["slotAtEnd"]>;

/** Why a finalization that has ended keeps its slot. */
export function whyKept({ outcome, state }: FinalizationRecord): string {
  return outcome?.reason ?? state;
}

/** Decided at the end, because it depends on the boot in which the finalization ends. */
export function slotAtEnd(
  { rebootAskedInBoot, rebootBackAskedInBoot }: FinalizationRecord,
  state: FinalizationRecord["state"],
  bootId: string,
  onRollback: "keep" | "give-back",
): SlotAtEnd {
  if (state === "live") return "give-back";
  // A bad deploy must not walk through the fleet.
  if (state === "rolled-back") return onRollback === "keep" ? "keep" : "give-back-own";
  const boots = [rebootAskedInBoot, rebootBackAskedInBoot];
  const hasRebooted = boots.some((boot) => boot !== null && boot !== bootId);
  return state === "failed" && hasRebooted ? "keep" : "give-back-own";
}
