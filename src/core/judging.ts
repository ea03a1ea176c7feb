import type { FinalizationRecord } from "./record.ts";

/** Exit codes of switch-to-configuration that mean something here: notes/switch-to-configuration.md. */
export const REFUSED = 1;
export const UNITS_FAILED = 4;
export const NEEDS_REBOOT = 100;

/** What does not hold, one line for each check that failed. */
export function problemsOf(checks: FinalizationRecord["checks"]): string[] {
  const failed = checks.filter(({ result }) => result === "failed");
  return failed.map(({ name, detail }) => `${name}: ${detail}`);
}
