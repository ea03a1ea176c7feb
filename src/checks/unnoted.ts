import { UNNOTED_UNITS } from "../core/record/record.ts";
import type { CheckResult } from "./kinds.ts";
import { type Baseline, isIgnored } from "./units-before.ts";

/** So many names are enough to begin with. */
const MOST_UNITS = 5;

/**
 * If nobody looked at the units before the act: names those in trouble now. They may have been before, so
 * the target is not blamed for them; but nothing says that all is well.
 */
export function nameUnnoted(
  { failed, units, taken }: Baseline,
  ignored: readonly string[],
): CheckResult[] {
  if (taken !== "now") return [];
  const all = [...failed.map(({ unit }) => unit), ...(units?.broken ?? [])];
  const names = [...new Set(all)].filter((unit) => !isIgnored(unit, ignored));
  if (names.length === 0) return [];
  const more = names.length > MOST_UNITS ? ` and ${names.length - MOST_UNITS} more` : "";
  const detail = `units are in trouble, and nobody noted whether they were before: ${names.slice(0, MOST_UNITS).join(", ")}${more}`;
  return [{ name: "units before", kind: UNNOTED_UNITS, result: "passed", detail, seconds: 0 }];
}
