import { type Decision, type Permitted, type Plan, underPolicy } from "../decision/decision.ts";
import { owedHook } from "../record/hooks.ts";
import {
  activatedOf,
  type FinalizationRecord,
  hasSwitchedBefore,
  withStopped,
} from "../record/record.ts";
import { withDecided, withPlan } from "./moment/decided.ts";
import { beginHooks } from "./hooks/hooks.ts";
import { rebootEffect } from "./hooks/reboot-hooks.ts";
import { dropIfNotWanted } from "./not-wanted.ts";
import { rebootsNow } from "./policy.ts";
import { failIfOvertaken, failIfOvertakenByBoot, fallBack } from "./overtaken.ts";
import { rollBack } from "./rollback.ts";
import { specialisationInWords, verifyTarget } from "./specialisation.ts";
import {
  AGAIN,
  fail,
  heldUp,
  hooksBefore,
  stay,
  toGates,
  transition,
  verifySwitched,
} from "./transitions.ts";
import type { Effect, Event, Situation, Step } from "./types.ts";
import { lastLines, noteSwitch, verdictOf } from "./verdicts.ts";

/** Decides once more, with the turn taken: what was decided at scheduling may have changed. */
export function act(record: FinalizationRecord, seen: Situation, event: Event<"turn-taken">): Step {
  const dropped = dropIfNotWanted(record, seen);
  if (dropped !== null) return dropped;
  const permitted = permittedNow(record, seen, seen.facts.decision);
  const begun = beginHooks(record, seen, permitted);
  // A hook may take long and change the host, so that everything is looked at once more.
  if (begun.effect !== null) {
    return stay(withDecided(begun.record, seen, permitted), begun.effect);
  }
  return carryOut(prepare(begun.record, seen, event, permitted), seen, permitted);
}

export function permittedNow(
  record: FinalizationRecord,
  seen: Situation,
  decision: Decision,
): Permitted {
  return underPolicy(decision, rebootsNow(record, seen.policy));
}

function carryOut(record: FinalizationRecord, seen: Situation, permitted: Permitted): Step {
  switch (permitted.action) {
    case "switch":
      return switchTo(record, seen, `${permitted.reason}${specialisationInWords(seen.facts)}`);
    case "reboot":
      return rebootInto(record, seen, `${permitted.reason}${specialisationInWords(seen.facts)}`);
    case "forbidden": {
      const { reason } = permitted.plan;
      const required = { ...record, rebootRequired: reason };
      return fail(required, seen, `a reboot is required (${reason}), and reboots are not allowed`);
    }
    case "refuse":
      return fail(record, seen, `the target is missing ${permitted.missing.join(", ")}`);
  }
}

function prepare(
  record: FinalizationRecord,
  seen: Situation,
  { before, idleRunners, userUnits = null }: Event<"turn-taken">,
  permitted: Permitted,
): FinalizationRecord {
  if (permitted.action === "refuse") return record;
  return {
    ...withStopped(withDecided(record, seen, permitted), idleRunners),
    failedBefore: before.failed,
    unitsBefore: before.units,
    userUnitsBefore: userUnits,
  };
}

function switchTo(record: FinalizationRecord, seen: Situation, detail: string): Step {
  const noted = { ...record, switchedInBoot: seen.facts.bootId };
  return transition(noted, seen, "switching", detail, switchEffect(record));
}

function switchEffect(record: FinalizationRecord): Effect & { readonly kind: "switch" } {
  // The deploy has made the target profile and boot default; a specialisation must not become it.
  const mode = record.specialisation === null ? "switch" : "test";
  return { kind: "switch", toplevel: activatedOf(record), mode };
}

function rebootInto(record: FinalizationRecord, seen: Situation, detail: string): Step {
  const asked = { ...record, rebootAskedInBoot: seen.facts.bootId };
  return transition(asked, seen, "rebooting", detail, rebootEffect(asked, seen));
}

/** In the same boot the switch is done again. */
export function takeUpSwitch(record: FinalizationRecord, seen: Situation): Step {
  // A reboot may lie between the scheduling and the switch. Old records do not name the boot.
  const switchedInBoot = record.switchedInBoot ?? record.bootId;
  if (seen.facts.bootId !== switchedInBoot) return afterBoot(record, seen);
  return failIfOvertaken(record, seen) ?? switchTo(record, seen, AGAIN);
}

/** In the same boot the reboot is asked for again. */
export function takeUpReboot(record: FinalizationRecord, seen: Situation): Step {
  if (seen.facts.bootId !== record.rebootAskedInBoot) return afterBoot(record, seen);
  return failIfOvertaken(record, seen) ?? rebootInto(record, seen, AGAIN);
}

/** The target is up, or the host fell back. */
function afterBoot(record: FinalizationRecord, seen: Situation): Step {
  if (seen.facts.booted === record.target) return bootedIntoTarget(record, seen);
  return failIfOvertakenByBoot(record, seen) ?? fallBack(record, seen);
}

export function bootedIntoTarget(record: FinalizationRecord, seen: Situation): Step {
  // What a switch before the boot said of jobs no longer holds: the boot has started all units anew.
  const fresh = { ...record, failedJobs: [], userTrouble: [] };
  return verifyTarget(fresh, seen, "booted into the target");
}

/** Another process acted meanwhile: ends, unless that did no harm. */
export function switchOvertaken(record: FinalizationRecord, seen: Situation): Step {
  return failIfOvertaken(record, seen) ?? takeUpSwitch(record, seen);
}

export function rebootOvertaken(record: FinalizationRecord, seen: Situation): Step {
  return failIfOvertaken(record, seen) ?? takeUpReboot(record, seen);
}

/** Nothing has been done yet: waits for its gates again. */
export function actHeldUp(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"held-up">,
): Step {
  return transition(record, seen, "waiting", why, toGates(record));
}

/** A switch that has begun goes on: its gates would let it be cancelled half done, with a new baseline. */
export function switchHeldUp(
  record: FinalizationRecord,
  seen: Situation,
  event: Event<"held-up">,
): Step {
  if (!hasSwitchedBefore(record)) return actHeldUp(record, seen, event);
  return heldUp(record, seen, "switching", event.why, switchEffect(record));
}

/** Only a switch that has begun comes here: before that the gates have the time limit. */
export function switchTimedOut(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"gates-timed-out">,
): Step {
  return rollBack(record, seen, `the switch was cut off, and ${why}`);
}

/** Unit failures (4) are judged by the verification, which knows how the units were before. */
export function switched(
  record: FinalizationRecord,
  seen: Situation,
  ended: Event<"switched">,
): Step {
  const { noted, reason } = noteSwitch(record, ended);
  switch (verdictOf(ended)) {
    case "done":
      return verifySwitched(noted, seen, reason);
    case "needs-reboot": {
      const why = "the switch asks for a reboot (exit code 100)";
      const plan: Plan = { action: "reboot", reason: why, changed: [] };
      return putAllOff(noted, seen, why) ?? rebootInstead(noted, seen, plan);
    }
    case "refused":
      return switchRefused(noted, seen, reason, ended.tail);
    case "halfway":
      return noted.switchRepeated
        ? rollBack(noted, seen, `${reason} before it was done, twice`)
        : switchTo({ ...noted, switchRepeated: true }, seen, `again: ${reason} before it was done`);
    case "timed-out":
    case "failed":
      return rollBack(noted, seen, reason);
  }
}

function switchRefused(
  record: FinalizationRecord,
  seen: Situation,
  reason: string,
  tail: readonly string[],
): Step {
  // A run that was interrupted had done its work, and the verification judges it.
  const activated = activatedOf(record);
  if (seen.facts.current === activated && record.previous !== activated) {
    return verifySwitched(record, seen, reason);
  }
  const putOff = putAllOff(record, seen, reason);
  if (putOff !== null) return putOff;
  const { decision } = seen.facts;
  const permitted = permittedNow(record, seen, decision);
  if (permitted.action === "reboot" || permitted.action === "forbidden") {
    return rebootInstead(record, seen, decision);
  }
  return fail(record, seen, `NixOS refused the switch; nothing was changed: ${lastLines(tail)}`);
}

/** NixOS asks for a reboot in place of the switch. The hooks of the switch end before its gates are waited for. */
function rebootInstead(record: FinalizationRecord, seen: Situation, decision: Decision): Step {
  const permitted = permittedNow(record, seen, decision);
  const step = carryOut(record, seen, permitted);
  const isFree = owedHook(record) === null && step.effect.kind === "reboot";
  if (permitted.action !== "reboot" || isFree) return step;
  return stay(withPlan(step.record, permitted), hooksBefore(step.record, "await-reboot-gates"));
}

/** NixOS refuses the part that was to be switched while the reboot is put off; null if none was. */
function putAllOff(record: FinalizationRecord, seen: Situation, why: string): Step | null {
  if (record.whilePutOff !== "switch") return null;
  const plan: Plan = { action: "reboot", reason: why, changed: record.plan.changed };
  const waits: FinalizationRecord = {
    ...record,
    plan: { ...plan, changed: [...plan.changed] },
    whilePutOff: "wait",
  };
  return transition(
    waits,
    seen,
    "waiting",
    `all of it waits for the reboot: ${why}`,
    toGates(waits),
  );
}

export function rebootRefused(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"reboot-refused">,
): Step {
  return fail(record, seen, `the reboot was refused: ${why}`);
}
