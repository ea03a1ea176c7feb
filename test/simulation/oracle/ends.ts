import { activatedOf, type FinalizationRecord } from "../../../src/core/record/record.ts";
import { bootDefaultOn } from "../host/boot.ts";
import { profileOn } from "../host/nix.ts";
import { REFUSAL } from "../host/logind/logind.ts";
import { SPECIALISATION } from "../plan.ts";
import type { Known, Sight } from "./sight.ts";

/** Each end agrees with the host at the moment at which it is recorded. */
export function judgeEnd(oracle: Sight, record: FinalizationRecord, known: Known): void {
  const { id, state, outcome } = record;
  if (state === "live") {
    agree(oracle, record, known, activatedOf(record), record.target);
    judgeSpecialisation(oracle, record);
  }
  if (state === "rolled-back" && record.previous !== null) {
    agree(oracle, record, known, record.previous, record.previousProfile ?? record.previous);
  }
  // A host that fell back, and nothing else to say.
  const isFallback = /^fell back: booted [^;]+$/.test(outcome?.reason ?? "");
  const before = record.previousProfile ?? record.previous;
  // A loader never boots a specialisation.
  if (state === "failed" && isFallback && before !== null) {
    agree(oracle, record, known, before, before);
  }
  if (state === "failed" && (outcome?.reason ?? "").includes(REFUSAL)) {
    oracle.blame(`${id} failed because a program blocks the shutdown, which it has to wait for`);
  }
  if (state === "failed" && (outcome?.reason ?? "") === "") oracle.blame(`${id} failed, no reason`);
  const isAsked = oracle.calls.some(([command]) => command === "cancel");
  if (state === "cancelled" && !isAsked)
    oracle.blame(`${id} is cancelled, and nobody asked for it`);
}

/** The specialisation that is wanted runs: the one that is named, or that of which the host was kept. */
function judgeSpecialisation({ watched, blame }: Sight, record: FinalizationRecord): void {
  const { plan, faults, machine } = watched;
  const hasBooted = faults.made.has("reboot") || faults.made.has("power cut");
  const isKept = plan.specialisation === "keep" && !hasBooted && wasSpecial(record.previous);
  if (plan.specialisation !== SPECIALISATION && !isKept) return;
  const at = machine.disk.realPath("/run/current-system");
  if (!wasSpecial(at)) blame(`${record.id} is live without its specialisation: ${at} is current`);
}

function wasSpecial(toplevel: string | null): boolean {
  return toplevel?.endsWith(`-${SPECIALISATION}`) === true;
}

function agree(
  oracle: Sight,
  { id, state, outcome }: FinalizationRecord,
  known: Known,
  system: string,
  profile: string,
): void {
  const { disk } = oracle.watched.machine;
  const at = disk.realPath("/run/current-system");
  if (at !== system) oracle.blame(`${id} is ${state}, but ${at} is current`);
  // What somebody else has moved meanwhile is theirs.
  if (known.movesAtAct !== oracle.moveCount) return;
  const isTold = (what: string, found: string | null): boolean =>
    (outcome?.reason ?? "").includes(`the ${what} ${found ?? "nothing that resolves"}`);
  const moved = profileOn(disk);
  if (moved !== profile && !isTold("profile points to", moved)) {
    oracle.blame(`${id} is ${state}, but the profile is ${moved}`);
  }
  // A power cut took the profile: then the program leaves the boot default alone, and says so.
  if (moved === null) return;
  const loaded = bootDefaultOn(disk);
  // A loader that cannot be read: what is said of the profile is all that is known.
  const isSame = loaded === moved && isTold("profile points to", moved);
  if (loaded !== profile && !isSame && !isTold("boot default is", loaded)) {
    oracle.blame(`${id} is ${state}, but the boot default is ${loaded}`);
  }
}
