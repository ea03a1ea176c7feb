import type { Permitted, Plan } from "../../decision/decision.ts";
import type { FinalizationRecord } from "../../record/record.ts";
import { runsAnother } from "../overtaken.ts";
import { withSpecialisation } from "../specialisation.ts";
import type { Situation } from "../types.ts";

/** What was decided at scheduling may have changed: with the decision of now, and the system that runs now. */
export function withDecided(
  record: FinalizationRecord,
  seen: Situation,
  permitted: Permitted,
): FinalizationRecord {
  if (permitted.action === "refuse") return record;
  const plan = permitted.action === "forbidden" ? permitted.plan : permitted;
  return withPlan(withSpecialisation(withPrevious(record, seen), seen.facts), plan);
}

export function withPlan(record: FinalizationRecord, plan: Plan): FinalizationRecord {
  return { ...record, plan: { ...plan, changed: [...plan.changed] } };
}

/** The finalization that had the turn before may have rolled back: what ran at scheduling is rejected then. */
export function withPrevious(
  record: FinalizationRecord,
  { facts }: Pick<Situation, "facts">,
): FinalizationRecord {
  const { current, currentGeneration, currentProfile } = facts;
  if (!runsAnother(record, current)) return record;
  return {
    ...record,
    previous: current,
    previousGeneration: currentGeneration,
    previousProfile: currentProfile,
  };
}
