import type { FinalizationRecord } from "../../record/record.ts";
import { wholeOf } from "../policy.ts";
import { clockOf, toGates, transition } from "../transitions.ts";
import type { Requests, Situation, Step, ToActNow } from "../types.ts";

/** The wish to act now, if the record does not tell of it yet. */
export function newWish(
  { hurried }: Pick<FinalizationRecord, "hurried">,
  { now }: Pick<Requests, "now">,
): ToActNow | null {
  if (now === null || hurried === null) return now;
  const isKnown = hurried.by === now.by && now.past.every((gate) => hurried.past.includes(gate));
  return isKnown ? null : now;
}

/** Takes a new wish into the record, and looks at the gates that are left; null if there is none. */
export function hurry(record: FinalizationRecord, seen: Situation): Step | null {
  const wish = newWish(record, seen.facts.requests);
  if (wish === null) return null;
  const { by } = wish;
  const past = [...new Set([...(record.hurried?.past ?? []), ...wish.past])];
  const noted = { ...wholeOf(record, seen), hurried: { by, past, since: clockOf(seen) } };
  return transition(noted, seen, "waiting", inWords(wish), toGates(noted));
}

function inWords({ by, past }: ToActNow): string {
  const gates = past.map((gate) => `the ${gate}`).join(" and ");
  return `now, as asked by ${by}${gates === "" ? "" : `, past ${gates}`}`;
}
