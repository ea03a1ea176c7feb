import { type FinalizationRecord, withWaits } from "../../record/record.ts";
import { hooksBefore, stay } from "../transitions.ts";
import type { Event, Situation, Step } from "../types.ts";
import { beginHooks, withHookBegun, withHookOver } from "./hooks.ts";

// A switch that becomes a reboot has waited for the gates of a switch only. So its hooks end, the gates
// of the reboot are waited for, and then the hooks of the reboot begin.

const REBOOT = { action: "reboot" } as const;

/** The reboot; or, if hooks of it have not begun, what comes before they may. */
export function rebootEffect(record: FinalizationRecord, seen: Situation) {
  return beginHooks(record, seen, REBOOT).record === record
    ? ({ kind: "reboot", toplevel: record.target } as const)
    : hooksBefore(record, "await-reboot-gates");
}

export function afterEndedInReboot(
  record: FinalizationRecord,
  _seen: Situation,
  event: Event<"after-ended">,
): Step {
  const noted = withHookOver(record, event);
  return stay(noted, hooksBefore(noted, "await-reboot-gates"));
}

export function rebootGatesOpened(
  record: FinalizationRecord,
  seen: Situation,
  { waitedFor }: Event<"gates-opened">,
): Step {
  return beginNext(withWaits(record, waitedFor), seen);
}

export function beforeEndedInReboot(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"before-ended">,
): Step {
  return beginNext(withHookBegun(record, event), seen);
}

function beginNext(record: FinalizationRecord, seen: Situation): Step {
  const begun = beginHooks(record, seen, REBOOT);
  return stay(begun.record, begun.effect ?? { kind: "reboot", toplevel: record.target });
}
