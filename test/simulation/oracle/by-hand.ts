import { isTerminal } from "../../../src/core/states.ts";
import { bootDefaultOn } from "../host/boot.ts";
import { profileOn } from "../host/nix.ts";
import { ROLLBACK_TIMEOUT } from "../host/setup.ts";
import type { FaultKind } from "../plan.ts";
import { recordsOn } from "./records.ts";
import type { Sight } from "./sight.ts";

/** What a call found when it began. */
interface Before {
  readonly moveCount: number;
  readonly finalizations: number;
  readonly profile: string | null;
  readonly loaded: string | null;
}

/** With these alone, the program undoes what it has done. */
const HARMLESS: ReadonlySet<FaultKind> = new Set(["interrupt", "systemd refuses a timer"] as const);

/** Judges `undo` and `retry` if nothing else happens meanwhile. */
export class ByHand {
  readonly #before = new Map<string, Before>();

  begins({ watched, known, moveCount }: Sight, args: readonly string[]): void {
    const { disk } = watched.machine;
    const finalizations = known.size;
    if ([...known.values()].some(({ state }) => !isTerminal(state))) return;
    const [profile, loaded] = [profileOn(disk), bootDefaultOn(disk)];
    this.#before.set(args.join(" "), { moveCount, finalizations, profile, loaded });
  }

  ends(oracle: Sight, args: readonly string[], exitCode: number): void {
    // The configuration comes last.
    const key = args.slice(0, -2).join(" ");
    const before = this.#before.get(key);
    this.#before.delete(key);
    if (before?.moveCount !== oracle.moveCount) return;
    if (args[0] === "undo" && exitCode === 0) judgeUndo(oracle, before);
    if (args[0] === "retry" && exitCode !== 0) judgeRefusedRetry(oracle, before);
  }
}

/** Profile and boot default are the running system, or the one of which it is a specialisation. */
function judgeUndo({ watched, known, blame }: Sight, before: Before): void {
  if (known.size !== before.finalizations) return;
  const { disk } = watched.machine;
  const current = disk.realPath("/run/current-system");
  const own = [...watched.systems.keys()].find((path) => current.startsWith(`${path}-`));
  const [profile, loaded] = [profileOn(disk), bootDefaultOn(disk)];
  if (profile !== (own ?? current)) blame(`after undo the profile is ${profile}, not ${current}`);
  if (loaded !== (own ?? current)) blame(`after undo ${loaded} boots next, not ${current}`);
}

function judgeRefusedRetry({ watched, blame }: Sight, before: Before): void {
  const { machine, faults, plan } = watched;
  // A deployer sets the profile some time after it has begun.
  if (plan.deploys.length > 1) return;
  if ([...faults.made].some((kind) => !HARMLESS.has(kind))) return;
  // One that was armed all the same is driven.
  if ([...recordsOn(machine.disk).values()].some(({ state }) => !isTerminal(state))) return;
  const [profile, loaded] = [profileOn(machine.disk), bootDefaultOn(machine.disk)];
  if (profile !== before.profile) blame(`a retry was refused, and the profile is ${profile}`);
  if (loaded !== before.loaded) blame(`a retry was refused, and ${loaded} boots next`);
}

/** Only a rollback reboots over a program that blocks the shutdown, and only after its time. */
export function judgeOverride(
  { watched, blame }: Sight,
  id: string,
  way: "forward" | "back",
): void {
  const { clocks, logind } = watched.machine;
  if (logind?.isBlocked() !== true) return;
  if (way === "forward") blame(`${id} reboots over a program that blocks the shutdown`);
  const waitedMs = clocks.monoMs - logind.blockedFromMs;
  if (waitedMs < ROLLBACK_TIMEOUT * 900) {
    blame(`${id} has waited ${waitedMs} ms for a program that blocks the shutdown`);
  }
}
