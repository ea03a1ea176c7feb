import { fallBack, rollBack, goBackAgain } from "./back.ts";
import { type Plan, underPolicy } from "./decision.ts";
import { NEEDS_REBOOT, REFUSED, UNITS_FAILED } from "./judging.ts";
import type { Effect, Event, Observation, Step } from "./machine-types.ts";
import { conclude, fail, go, move } from "./moves.ts";
import { overtaken, overtakenByBoot, runsAnother } from "./overtaken.ts";
import { type FinalizationRecord, isReplacedBy } from "./record.ts";

/** The end of a finalization that must not act any more, or null while it may. */
export function dropped(record: FinalizationRecord, seen: Observation): Step | null {
  const { newest, profile, requests } = seen.facts;
  if (requests.cancel !== null) {
    return conclude(record, seen, "cancelled", { reason: `cancelled by ${requests.cancel}` });
  }
  if (isReplacedBy(newest, record)) {
    return conclude(record, seen, "superseded", { reason: `superseded by ${newest}` });
  }
  if (profile !== record.target) {
    const reason = `the profile moved to ${profile ?? "nothing that resolves"}`;
    return conclude(record, seen, "superseded", { reason });
  }
  return null;
}

export function takeUpWaiting(record: FinalizationRecord, seen: Observation): Step {
  const { newest, bootId, booted } = seen.facts;
  if (!isReplacedBy(newest, record) && record.bootId !== bootId && booted === record.target) {
    return arrive(record, seen);
  }
  const ended = dropped(record, seen);
  if (ended !== null) return ended;
  const effect: Effect = { kind: "await-gates" };
  if (record.state === "waiting") return go(record, effect);
  return move(record, seen, "waiting", "waits for its gates", effect);
}

/** Told once for each moment that it is deferred to: an interruption on the way there is no news. */
export function defer(
  record: FinalizationRecord,
  seen: Observation,
  { until, why }: Extract<Event, { kind: "gates-deferred" }>,
): Step {
  const effect: Effect = { kind: "defer", until };
  if (record.deferredUntil === until) return go(record, effect);
  return move({ ...record, deferredUntil: until }, seen, "waiting", why, effect);
}

/** After a crash in the middle of an act: in the same boot the act is done again. */
export function takeUpAct(record: FinalizationRecord, seen: Observation): Step {
  const again = "again, after an interruption";
  if (record.state === "rebooting" && seen.facts.bootId === record.rebootAskedInBoot) {
    return overtaken(record, seen) ?? rebootInto(record, seen, again);
  }
  if (record.state === "switching" && seen.facts.bootId === actingBoot(record)) {
    return overtaken(record, seen) ?? switchTo(record, seen, again);
  }
  return arrive(record, seen);
}

/** The boot in which a switch began: noted with the state, as a reboot may lie between that and the scheduling. */
function actingBoot(record: FinalizationRecord): string {
  return record.switchedInBoot ?? record.bootId;
}

/** After a boot that came in the middle: either the target is up, or the host fell back. */
function arrive(record: FinalizationRecord, seen: Observation): Step {
  if (seen.facts.booted === record.target) {
    return move(record, seen, "verifying", "booted into the target", { kind: "verify" });
  }
  return overtakenByBoot(record, seen) ?? fallBack(record, seen);
}

/** The facts are looked at once more, with the turn taken: what was decided at scheduling may have changed. */
export function act(
  record: FinalizationRecord,
  seen: Observation,
  { failedUnits, idleRunners }: Extract<Event, { kind: "turn-taken" }>,
): Step {
  const decision = underPolicy(seen.facts.decision, seen.policy.reboot);
  if (decision.action === "refuse") {
    return fail(record, seen, `the target is missing ${decision.missing.join(", ")}`);
  }
  const prepared = withPlan(
    { ...withWayBack(record, seen), failedBefore: failedUnits, stoppedRunners: [...idleRunners] },
    decision,
  );
  return decision.action === "switch"
    ? switchTo(prepared, seen, decision.reason)
    : rebootIfAllowed(prepared, seen, decision.reason);
}

/** Whoever had the turn before may have gone back: the system that ran at scheduling is a rejected one then. */
function withWayBack(record: FinalizationRecord, { facts }: Observation): FinalizationRecord {
  const { current, currentGeneration } = facts;
  if (!runsAnother(record, current)) return record;
  return { ...record, previous: current, previousGeneration: currentGeneration };
}

function withPlan(record: FinalizationRecord, plan: Plan): FinalizationRecord {
  return { ...record, plan: { ...plan, changed: [...plan.changed] } };
}

function switchTo(record: FinalizationRecord, seen: Observation, detail: string): Step {
  const noted = { ...record, switchedInBoot: seen.facts.bootId };
  return move(noted, seen, "switching", detail, { kind: "switch", toplevel: record.target });
}

function rebootIfAllowed(record: FinalizationRecord, seen: Observation, reason: string): Step {
  if (seen.policy.reboot === "allowed") return rebootInto(record, seen, reason);
  const required = { ...record, rebootRequired: reason };
  return fail(required, seen, `a reboot is required (${reason}), and reboots are not allowed`);
}

function rebootInto(record: FinalizationRecord, seen: Observation, detail: string): Step {
  const asked = { ...record, rebootAskedInBoot: seen.facts.bootId };
  return move(asked, seen, "rebooting", detail, { kind: "reboot", toplevel: record.target });
}

/** Something came in between in the last moment: back to the gates, nothing has been done. */
export function heldUp(record: FinalizationRecord, seen: Observation, why: string): Step {
  if (record.state === "rolling-back") return goBackAgain(record, seen, why);
  return move(record, seen, "waiting", why, { kind: "await-gates" });
}

/** Unit failures (4) are judged by the verification, which knows what had failed before. */
export function judgeSwitch(
  record: FinalizationRecord,
  seen: Observation,
  { exitCode, tail }: Extract<Event, { kind: "switched" }>,
): Step {
  const reason = `switch-to-configuration ended with exit code ${exitCode}`;
  const outcome = { reason, activationExitCode: exitCode, activationTail: [...tail] };
  const noted = { ...record, outcome };
  switch (exitCode) {
    case 0:
    case UNITS_FAILED:
      return move(noted, seen, "verifying", reason, { kind: "verify" });
    case NEEDS_REBOOT:
      return rebootIfAllowed(noted, seen, "the switch asks for a reboot (exit code 100)");
    case REFUSED: {
      // Run again after an interruption, it says nothing of what it did the first time.
      if (seen.facts.current === record.target && record.previous !== record.target) {
        return move(noted, seen, "verifying", reason, { kind: "verify" });
      }
      const decision = underPolicy(seen.facts.decision, seen.policy.reboot);
      if (decision.action === "reboot") return rebootIfAllowed(noted, seen, decision.reason);
      return fail(
        noted,
        seen,
        `the switch was refused before it changed anything: ${lastOf(tail)}`,
      );
    }
    default:
      return rollBack(noted, seen, reason);
  }
}

function lastOf(tail: readonly string[]): string {
  return tail.slice(-3).join("; ") || "without a word";
}
