import { activatedOf, type FinalizationRecord } from "./record.ts";
import { hasBegunToAct } from "../states.ts";

/** Whether it has started to change the running system. */
export function hasActed({ state, timeline }: FinalizationRecord): boolean {
  switch (state) {
    case "scheduled":
    case "waiting":
    case "superseded":
    case "cancelled":
      return false;
    case "switching":
    case "rebooting":
    case "verifying":
    case "rolling-back":
    case "live":
    case "rolled-back":
      return true;
    case "failed": {
      const before = timeline.findLast((entry) => entry.state !== "failed");
      return before !== undefined && hasBegunToAct(before.state);
    }
  }
}

/**
 * Whether a finalization can be rolled back, from its record and the running system. After a failure
 * its target may still run.
 *
 * @param current the toplevel of the running system; null if unknown
 */
export function canRollBack(record: FinalizationRecord, current: string | null): boolean {
  if (previousSystem(record).kind === "none" || !hasActed(record)) return false;
  const { state } = record;
  return (
    state === "verifying" ||
    ((state === "live" || state === "failed") && activatedOf(record) === current)
  );
}

/** The system to roll back to, or why there is none. */
export type PreviousSystem =
  | { readonly kind: "system"; readonly toplevel: string }
  | { readonly kind: "none"; readonly why: string };

export function previousSystem(record: FinalizationRecord): PreviousSystem {
  const { id, previous } = record;
  const activated = activatedOf(record);
  if (previous === null) return { kind: "none", why: `${id} has no previous system` };
  if (previous !== activated) return { kind: "system", toplevel: previous };
  return { kind: "none", why: `${id} did not change the system: ${activated} already ran before` };
}
