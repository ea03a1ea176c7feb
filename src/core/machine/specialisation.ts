import { activatedOf, type FinalizationRecord } from "../record/record.ts";
import { rollBack } from "./rollback.ts";
import { heldUp, repeat, verifySwitched } from "./transitions.ts";
import type { Event, Facts, Situation, Step } from "./types.ts";
import { noteSwitch, verdictOf } from "./verdicts.ts";

// A boot brings up the target, because the boot loader's default is never a specialisation. Then
// the specialisation is activated, before the verification.

/** Takes the specialisation that is wanted now into the record of an act, or says that there is none. */
export function withSpecialisation(
  record: FinalizationRecord,
  { specialisation }: Pick<Facts, "specialisation">,
): FinalizationRecord {
  if (specialisation === null) return { ...record, specialisation: null };
  const { name, toplevel } = specialisation;
  return { ...record, specialisation: toplevel === null ? null : { name, toplevel } };
}

/** What the timeline says of the specialisation beside the reason for the act. */
export function specialisationInWords({ specialisation }: Pick<Facts, "specialisation">): string {
  if (specialisation === null) return "";
  const { name, toplevel } = specialisation;
  return toplevel === null
    ? `; the target has no specialisation ${name}, so none is activated`
    : `; specialisation ${name}`;
}

/** Verifies; after a boot into the target, its specialisation is activated first. */
export function verifyTarget(record: FinalizationRecord, seen: Situation, detail: string): Step {
  const { specialisation, target } = record;
  const { current } = seen.facts;
  if (specialisation === null || current !== target || current === activatedOf(record)) {
    return repeat(record, seen, "verifying", detail, { kind: "verify" });
  }
  const words = `${detail}: activates its specialisation ${specialisation.name}`;
  return activate(record, seen, words);
}

function activate(record: FinalizationRecord, seen: Situation, detail: string): Step {
  return repeat(record, seen, "verifying", detail, activation(record));
}

function activation(record: FinalizationRecord) {
  return { kind: "switch", toplevel: activatedOf(record), mode: "test" } as const;
}

export function specialisationSwitched(
  record: FinalizationRecord,
  seen: Situation,
  ended: Event<"switched">,
): Step {
  const { noted, reason } = noteSwitch(record, ended);
  switch (verdictOf(ended)) {
    case "done":
      return verifySwitched(noted, seen, reason);
    case "halfway":
      if (!noted.switchRepeated) {
        return activate({ ...noted, switchRepeated: true }, seen, `again: ${reason}`);
      }
      return notActivated(noted, seen, reason);
    case "needs-reboot":
    case "refused":
    case "timed-out":
    case "failed":
      return notActivated(noted, seen, reason);
  }
}

export function specialisationHeldUp(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"held-up">,
): Step {
  return heldUp(record, seen, "verifying", why, activation(record));
}

export function specialisationTimedOut(
  record: FinalizationRecord,
  seen: Situation,
  { why }: Event<"gates-timed-out">,
): Step {
  return notActivated(record, seen, why);
}

function notActivated(record: FinalizationRecord, seen: Situation, reason: string): Step {
  const name = record.specialisation?.name ?? "of the target";
  return rollBack(record, seen, `the specialisation ${name} was not activated: ${reason}`);
}
