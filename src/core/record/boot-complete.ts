import type { FinalizationRecord } from "./record.ts";
import { isTerminal } from "../states.ts";

/** Whether the boot of now counts as good, so that its menu entry loses its boot counter. */
export type BootCompleteness =
  | { readonly kind: "complete"; readonly why: string }
  | { readonly kind: "undecided"; readonly id: string }
  | { readonly kind: "rejected"; readonly why: string };

/**
 * Judges a boot by the newest finalization that is about the system that it has brought up. Pure.
 *
 * @param records the newest first
 */
export function judgeCompleteness(
  records: readonly FinalizationRecord[],
  booted: string,
): BootCompleteness {
  const record = records.find(({ target, previous }) => target === booted || previous === booted);
  if (record === undefined)
    return { kind: "complete", why: "no finalization is about this system" };
  const { id, state, target } = record;
  if (target === booted) {
    if (!isTerminal(state)) return { kind: "undecided", id };
    const words = `${id}, which booted this system, is ${state}`;
    // One that failed before it acted says nothing about the system.
    const hasActed = record.rebootAskedInBoot !== null || record.switchedInBoot !== null;
    const isRejected = state === "rolled-back" || (state === "failed" && hasActed);
    return { kind: isRejected ? "rejected" : "complete", why: words };
  }
  // The way back has to be proven too; before the act nothing is asked of the previous system.
  if (state === "rolling-back") return { kind: "undecided", id };
  return { kind: "complete", why: `${id}, which would replace this system, is ${state}` };
}
