import type { FinalizationRecord } from "./record.ts";

/** What the end of a finalization means for the slot of its host in the fleet lock. */
export type SlotAtEnd = (typeof SLOT_AT_END)[number];

export const SLOT_AT_END = [
  /** The host is well: the slot goes back, also one that an earlier failure kept. */
  "give-back",
  /** The host is as well as it was before: the slot goes back unless an earlier failure kept it. */
  "give-back-own",
  /** The host has rebooted and is not well: it keeps the slot, so that the fleet halts. */
  "keep",
] as const;

/** Decided when a finalization ends, from the boot it ends in; later boots say nothing about it. */
export function slotAtEnd(
  { rebootAskedInBoot, rebootBackAskedInBoot }: FinalizationRecord,
  state: FinalizationRecord["state"],
  bootId: string,
): SlotAtEnd {
  if (state === "live") return "give-back";
  const boots = [rebootAskedInBoot, rebootBackAskedInBoot];
  const hasRebooted = boots.some((boot) => boot !== null && boot !== bootId);
  return state === "failed" && hasRebooted ? "keep" : "give-back-own";
}
