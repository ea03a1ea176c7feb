import { duration } from "../age.ts";
import { type FinalizationRecord, isReplacedBy } from "../record/record.ts";
import type { Facts, SwitchEnd } from "./types.ts";

/** Exit codes of switch-to-configuration that mean something here: notes/switch-to-configuration.md. */
const DONE = 0;
const ACTIVATION_FAILED = 2;
const UNITS_FAILED = 4;
const NEEDS_REBOOT = 100;

/** What the end of a switch means. */
export type SwitchVerdict =
  | "done"
  | "needs-reboot"
  | "refused"
  | "halfway"
  | "timed-out"
  | "failed";

/**
 * `refused` has changed nothing. `halfway` has stopped units and left others to be started: run
 * again, the switch continues. `timed-out` was ended by us: run again, it would hang again. An activation that failed, and unit failures without a name, have
 * failed for good.
 */
export function verdictOf({ exitCode, reason, progress, cut }: SwitchEnd): SwitchVerdict {
  if (cut !== undefined) return "timed-out";
  switch (exitCode) {
    case DONE:
      return "done";
    case UNITS_FAILED:
      return reason === "named" ? "done" : "failed";
    case NEEDS_REBOOT:
      return "needs-reboot";
    case ACTIVATION_FAILED:
      return "failed";
    default:
      return progress === "begun" ? "halfway" : "refused";
  }
}

/** What the record keeps of what a switch said. */
export function wordsOf({
  failedJobs,
  userTrouble = [],
}: SwitchEnd): Pick<FinalizationRecord, "failedJobs" | "userTrouble"> {
  return { failedJobs: [...failedJobs], userTrouble: [...userTrouble] };
}

/**
 * Notes how the switch to the target ended, and says it. What its first run said of jobs stays: the
 * second run does not repeat a reload that failed.
 */
export function noteSwitch(
  record: FinalizationRecord,
  ended: SwitchEnd & { readonly tail: readonly string[] },
): { readonly noted: FinalizationRecord; readonly reason: string } {
  const reason = `switch-to-configuration ${endInWords(ended)}`;
  const { exitCode, tail } = ended;
  const outcome = { reason, activationExitCode: exitCode, activationTail: [...tail] };
  const words = wordsOf(ended);
  const before = record.switchRepeated ? record : { failedJobs: [], userTrouble: [] };
  const noted = {
    ...record,
    outcome,
    failedJobs: [...before.failedJobs, ...words.failedJobs],
    userTrouble: [...before.userTrouble, ...words.userTrouble],
  };
  return { noted, reason };
}

/** Names a profile that somebody has set to another system. A newer deploy says itself what becomes of its profile. */
export function movedProfile(
  record: FinalizationRecord,
  { profile, newest }: Pick<Facts, "profile" | "newest">,
  expected: string,
): string[] {
  if (profile === expected || isReplacedBy(newest, record)) return [];
  return [`the profile points to ${profile ?? "nothing that resolves"}`];
}

/** The same of a profile that a rollback leaves alone: the boot default may still be what was rejected. */
export function movedFromRollback(
  record: FinalizationRecord,
  facts: Pick<Facts, "profile" | "newest" | "bootDefault">,
  expected: string,
): string[] {
  const moved = movedProfile(record, facts, expected);
  const { bootDefault } = facts;
  const isOther = moved.length > 0 && bootDefault !== null && bootDefault !== expected;
  return isOther ? [...moved, `the boot default is ${bootDefault}`] : moved;
}

/** How a switch ended, in words. */
export function endInWords({ exitCode, cut }: SwitchEnd): string {
  return cut === undefined
    ? `ended with exit code ${exitCode}`
    : `did not end within ${duration(cut.seconds)}: ${cut.why}`;
}

/** The last lines that an activation printed, as part of a reason. */
export function lastLines(tail: readonly string[]): string {
  return tail.slice(-3).join("; ") || "it printed nothing";
}

/** What does not hold, one line for each check that failed. */
export function problemsOf(checks: FinalizationRecord["checks"]): string[] {
  const failed = checks.filter(({ result }) => result === "failed");
  return failed.map(({ name, detail }) => `${name}: ${detail}`);
}

/** Whether the boot that brought up the target did not get through. */
export function isBootFailed({ checks }: Pick<FinalizationRecord, "checks">): boolean {
  return checks.some(({ kind, result }) => kind === "boot" && result === "failed");
}
