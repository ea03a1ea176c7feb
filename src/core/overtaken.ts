import { wayBackFailed } from "./back.ts";
import type { Facts, Observation, Step } from "./machine-types.ts";
import { fail } from "./moves.ts";
import { type FinalizationRecord, isReplacedBy } from "./record.ts";

/**
 * The end of a finalization that has begun to act where a newer one has acted since, or where
 * neither its target nor the system before that runs any more: somebody has brought another one
 * live meanwhile, by hand or by a boot. To go on, or back, would undo that. Null otherwise, also
 * where it cannot be told.
 */
export function overtaken(record: FinalizationRecord, seen: Observation): Step | null {
  const reason = whyOvertaken(record, seen.facts);
  if (reason === null) return null;
  return record.state === "rolling-back"
    ? wayBackFailed(record, seen, reason)
    : fail(record, seen, reason);
}

/** Why a finalization that has begun to act is overtaken; null where it is not, or that cannot be told. */
export function whyOvertaken(
  record: FinalizationRecord,
  { current, actedSince }: Pick<Facts, "current" | "actedSince">,
): string | null {
  if (runsAnother(record, current)) {
    return `somebody else has brought another system live: ${current}`;
  }
  return actedSince === null ? null : `${actedSince} has acted since`;
}

/** The same after a boot. Without a newer deploy the boot loader has fallen back to it. */
export function overtakenByBoot(record: FinalizationRecord, seen: Observation): Step | null {
  const { newest } = seen.facts;
  return isReplacedBy(newest, record) ? overtaken(record, seen) : null;
}

/** Whether a system runs that is neither the target nor the one before; false where that cannot be told. */
export function runsAnother(
  { target, previous }: FinalizationRecord,
  current: string | null,
): boolean {
  return previous !== null && current !== null && current !== target && current !== previous;
}
