import { underPolicy } from "../../decision/decision.ts";
import { later } from "../../record/clock.ts";
import { type FinalizationRecord, withWaits } from "../../record/record.ts";
import { hurry } from "./hurry.ts";
import { dropIfNotWanted } from "../not-wanted.ts";
import { wholeOf } from "../policy.ts";
import { clockOf, stay, toGates, transition } from "../transitions.ts";
import type { Event, OtherWindow, Situation, Step } from "../types.ts";

/** Between two windows in the reason of a deferral. */
export const EITHER_WINDOW = ", or for the ";

/** What has no window may come at any time. */
const ALWAYS: OtherWindow = { kind: "open" };

/** The timeline gets one entry for each moment: an interruption before it adds none. */
export function gatesDeferred(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"gates-deferred">,
): Step {
  const waited = withWaits(record, event.waitedFor);
  const changed = dropIfNotWanted(waited, seen) ?? hurry(waited, seen);
  if (changed !== null) return changed;
  const { other = ALWAYS } = event;
  // The window of its switch is closed again: the one of its reboot may open before.
  const whole = wholeOf(waited, seen);
  const isBack = whole !== waited;
  const partly = planWhilePutOff(whole, seen);
  if (partly === null) return deferUntil(whole, seen, event.until, event.why);
  if (other.kind === "closed") {
    const gate = isBack ? "reboot window" : "switch window";
    return deferToEither(whole, seen, event, { gate, opensAt: other.opensAt });
  }
  if (isBack) {
    return transition(whole, seen, "waiting", `${event.why}: reboots first`, toGates(whole));
  }
  const switches: FinalizationRecord = { ...whole, plan: partly, whilePutOff: "switch" };
  const detail = `${event.why}: switches until then`;
  return transition(switches, seen, "waiting", detail, toGates(switches));
}

/** Until the earlier of both windows: all of it is decided again then. */
function deferToEither(
  record: FinalizationRecord,
  seen: Situation,
  { until, why }: Event<"gates-deferred">,
  { gate, opensAt }: { readonly gate: string; readonly opensAt: string | null },
): Step {
  if (opensAt === null || Date.parse(opensAt) >= Date.parse(until)) {
    return deferUntil(record, seen, until, why);
  }
  return deferUntil(
    record,
    seen,
    opensAt,
    `${why}${EITHER_WINDOW}${gate}, which opens at ${opensAt}`,
  );
}

function deferUntil(record: FinalizationRecord, seen: Situation, until: string, why: string): Step {
  const effect = { kind: "defer", until } as const;
  const now = clockOf(seen);
  const deferred = later(now, (Date.parse(until) - Date.parse(now.at)) / 1000);
  // Noted each time: a clock that was set has changed how long it is until then.
  const noted = { ...record, deferredUntil: until, clocks: { ...record.clocks, deferred } };
  if (record.deferredUntil === until) return stay(noted, effect);
  return transition(noted, seen, "waiting", why, effect);
}

/** What can be switched now, if the policy says so; null if it all waits for the reboot. */
function planWhilePutOff(
  record: FinalizationRecord,
  { policy, facts }: Situation,
): FinalizationRecord["plan"] | null {
  if (policy.whilePutOff === "wait" || record.whilePutOff !== null) return null;
  const activated = facts.specialisation?.toplevel ?? record.target;
  // It has been switched to before, and only the reboot is left.
  if (facts.current === activated) return null;
  const permitted = underPolicy(facts.decision, "put-off");
  if (permitted.action !== "switch" || facts.decision.action !== "reboot") return null;
  return { ...permitted, changed: [...permitted.changed] };
}
