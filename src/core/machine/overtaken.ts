import { activatedOf, type FinalizationRecord, isReplacedBy } from "../record/record.ts";
import { fail, stay } from "./transitions.ts";
import type { Event, Facts, Situation, Step } from "./types.ts";

/**
 * Why a finalization that has begun to act is overtaken: a newer one has acted since, or neither
 * its target nor its previous system runs any more, because another one was activated by hand or
 * by a boot. To continue, or to roll back, would undo that. Null if it is not overtaken or that
 * cannot be known.
 */
export function whyOvertaken(
  record: FinalizationRecord,
  { current, actedSince }: Pick<Facts, "current" | "actedSince">,
): string | null {
  if (runsAnother(record, current)) {
    return `another system was activated in the meantime: ${current}`;
  }
  return actedSince === null ? null : `${actedSince} has acted since`;
}

/** The end of a finalization that is overtaken on its way to the target; null if it is not. */
export function failIfOvertaken(record: FinalizationRecord, seen: Situation): Step | null {
  const reason = whyOvertaken(record, seen.facts);
  return reason === null ? null : fail(record, seen, reason);
}

/** The same after a boot. Without a newer deploy it was the boot loader that fell back. */
export function failIfOvertakenByBoot(record: FinalizationRecord, seen: Situation): Step | null {
  return isReplacedBy(seen.facts.newest, record) ? failIfOvertaken(record, seen) : null;
}

/** Whether neither the target nor the previous system runs; false if that cannot be known. */
export function runsAnother(record: FinalizationRecord, current: string | null): boolean {
  const { target, previous, previousProfile } = record;
  const own = [target, activatedOf(record), previous, previousProfile];
  return previous !== null && current !== null && !own.includes(current);
}

// A host that booted another system than the target: the previous one becomes profile and boot
// default again, and the finalization ends as failed.

export function fallBack(record: FinalizationRecord, seen: Situation): Step {
  const toplevel = record.previousProfile ?? record.previous;
  if (toplevel === null) return fellBack(record, seen, []);
  return stay(record, { kind: "restore-defaults", toplevel });
}

export function fallbackDefaultsRestored(
  record: FinalizationRecord,
  seen: Situation,
  { problems }: Event<"defaults-restored">,
): Step {
  return fellBack(record, seen, problems);
}

function fellBack(record: FinalizationRecord, seen: Situation, problems: readonly string[]): Step {
  const booted = `fell back: booted ${seen.facts.booted ?? "an unknown system"}`;
  return fail(record, seen, [booted, ...problems].join("; "));
}

/** Whether it only brings the previous system back: it rolls back, or the host fell back in a reboot. */
export function isRollingOrFallingBack(
  { state, target, rebootAskedInBoot }: FinalizationRecord,
  { bootId, booted }: Pick<Facts, "bootId" | "booted">,
): boolean {
  const hasRebooted = state === "rebooting" && rebootAskedInBoot !== bootId;
  return state === "rolling-back" || (hasRebooted && booted !== target);
}
