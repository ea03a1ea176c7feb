import type { Permitted } from "../../decision/decision.ts";
import { isInForce, withHook, withStage } from "../../record/hooks.ts";
import { type FinalizationRecord, withWaits } from "../../record/record.ts";
import { fail, hooksBefore, stay } from "../transitions.ts";
import type { Effect, Event, Situation, Step } from "../types.ts";

// A hook is what the operator runs around the act. The record names it before its `before` is
// started. From then on its `after` is owed: it runs before the gates are waited for again, and else at
// the end, whatever the outcome. The one that began last ends first.

/** With the hooks that have begun; `effect` runs the next `before`, and is null once all are in force. */
interface Begun {
  readonly record: FinalizationRecord;
  readonly effect: (Effect & { readonly kind: "run-before" }) | null;
}

/** Begins the hooks of an action, up to the next one whose `before` has to run. */
export function beginHooks(
  record: FinalizationRecord,
  { policy }: Situation,
  { action }: Pick<Permitted, "action">,
): Begun {
  if (action !== "switch" && action !== "reboot") return { record, effect: null };
  let noted = record;
  for (const hook of policy.hooks) {
    if (!hook.actions.includes(action) || isInForce(noted, hook.name)) continue;
    noted = withHook(noted, hook);
    if (hook.before !== null) {
      return { record: noted, effect: { kind: "run-before", hook: hook.name } };
    }
  }
  return { record: noted, effect: null };
}

export function withHookBegun(
  record: FinalizationRecord,
  { hook, problem, waitedFor }: Event<"before-ended">,
): FinalizationRecord {
  return withStage(withWaits(record, waitedFor), hook, "in-force", problem);
}

/** Its own `after` runs too: nobody knows how far its `before` came. */
export function hookFailed(
  record: FinalizationRecord,
  seen: Situation,
  { hook, why, waitedFor }: Event<"before-failed">,
): Step {
  const noted = withStage(withWaits(record, waitedFor), hook, "before", why);
  return fail(noted, seen, `hook ${hook}: ${why}; nothing was done`);
}

export function withHookOver(
  record: FinalizationRecord,
  { hook, problem }: Event<"after-ended">,
): FinalizationRecord {
  return withStage(record, hook, "over", problem);
}

/** Whatever became of it, the outcome stays. */
export function afterEndedAtEnd(
  record: FinalizationRecord,
  _seen: Situation,
  event: Event<"after-ended">,
): Step {
  const noted = withHookOver(record, event);
  return stay(noted, hooksBefore(noted, "finish"));
}
