import { UNNOTED_UNITS } from "../core/record/record.ts";
import type { CheckResult } from "./kinds.ts";
import { type Baseline, isIgnored } from "./units-before.ts";

/** So many names are enough to begin with. */
const MOST_UNITS = 5;

/**
 * Names the units that are in trouble at both looks after the act, if nobody looked before the act. They may
 * have been in trouble before, so the target is not blamed for them; but nothing says that all is well.
 *
 * @param again looks at the units now: what has failed once in the boot may run by now
 */
export async function nameUnnoted(
  baseline: Baseline,
  ignored: readonly string[],
  again: () => Promise<Baseline>,
): Promise<CheckResult[]> {
  if (baseline.taken !== "now") return [];
  const first = inTrouble(baseline, ignored);
  if (first.length === 0) return [];
  const still = new Set(inTrouble(await again(), ignored));
  const names = first.filter((unit) => still.has(unit));
  if (names.length === 0) return [];
  const more = names.length > MOST_UNITS ? ` and ${names.length - MOST_UNITS} more` : "";
  const detail = `units are in trouble, and nobody noted whether they were before: ${names.slice(0, MOST_UNITS).join(", ")}${more}`;
  return [{ name: "units before", kind: UNNOTED_UNITS, result: "passed", detail, seconds: 0 }];
}

function inTrouble({ failed, units }: Baseline, ignored: readonly string[]): string[] {
  const all = [...failed.map(({ unit }) => unit), ...(units?.broken ?? [])];
  return [...new Set(all)].filter((unit) => !isIgnored(unit, ignored));
}
