import type { FinalizationRecord } from "./record.ts";
import { hasBegunToAct } from "./states.ts";

/** Whether it has changed the running system, or has begun to. */
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
 * Whether a finalization can be taken back, as far as its record and the running system tell.
 * One that ended as failed may have left its target running.
 *
 * @param runs the toplevel of the running system; null where that is unknown
 */
export function canGoBack(record: FinalizationRecord, runs: string | null): boolean {
  if (systemBefore(record).kind === "none" || !hasActed(record)) return false;
  const { state, target } = record;
  return state === "verifying" || ((state === "live" || state === "failed") && target === runs);
}

/** The system that a finalization would be taken back to, or why there is none. */
export type SystemBefore =
  | { readonly kind: "system"; readonly toplevel: string }
  | { readonly kind: "none"; readonly why: string };

export function systemBefore({ id, target, previous }: FinalizationRecord): SystemBefore {
  if (previous === null) return { kind: "none", why: `${id} knows of no system before it` };
  if (previous !== target) return { kind: "system", toplevel: previous };
  return { kind: "none", why: `${id} brought no other system live: ${target} ran before it too` };
}
