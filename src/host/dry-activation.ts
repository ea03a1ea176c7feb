import { join } from "node:path";
import { messageOf } from "../core/refusal.ts";
import { parseDryActivate, type UnitPlan } from "../gates/dry-activate.ts";
import type { Host } from "./host.ts";
import { isLocked } from "./kernel-locks.ts";
import { describeEnd } from "./spawn.ts";
import { showProperties } from "./systemd-commands.ts";
import { parseProperties, type Properties } from "./unit-properties.ts";

/** A dry activation that takes longer than this is ended, and tells nothing. */
const DRY_ACTIVATE_MS = 60_000;

/** A unit stops when one stops that it is bound to in one of these ways: systemd.unit(5). */
const BONDS = ["Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom"];

/** For each loaded unit, those whose stop would stop it too. */
export type Bonds = ReadonlyMap<string, readonly string[]>;

/** What a switch would do to units. */
export type DryActivation =
  | { readonly kind: "known"; readonly plan: UnitPlan; readonly bonds: Bonds }
  | { readonly kind: "unknown"; readonly why: string };

/** Tries a switch dry. It takes the switch lock for a moment, and needs root. */
export async function dryActivate(host: Host, toplevel: string): Promise<DryActivation> {
  const program = join(toplevel, "bin/switch-to-configuration");
  const signal = AbortSignal.timeout(DRY_ACTIVATE_MS);
  const [dry, units] = await Promise.all([
    host.spawn([program, "dry-activate"], { signal }),
    host.spawn(showProperties(["Id", ...BONDS], ["*"])),
  ]);
  const failed = [dry, units].find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) return { kind: "unknown", why: describeEnd(failed) };
  const plan = parseDryActivate(`${dry.stdout}\n${dry.stderr}`);
  return { kind: "known", plan, bonds: bondsOf(parseProperties(units.stdout)) };
}

/** `dryActivate` for the curious: not while it would disturb somebody who activates. */
export async function dryActivateGently(host: Host, toplevel: string): Promise<DryActivation> {
  try {
    if (isLocked(host.paths.kernelLocks, host.paths.switchLock)) {
      return { kind: "unknown", why: "another switch-to-configuration is running" };
    }
  } catch (error) {
    return { kind: "unknown", why: `the switch lock cannot be looked up: ${messageOf(error)}` };
  }
  return await dryActivate(host, toplevel);
}

export function bondsOf(units: readonly Properties[]): Bonds {
  return new Map(
    units.map((unit) => {
      const names = BONDS.flatMap((bond) => (unit[bond] ?? "").split(" "));
      return [unit["Id"] ?? "", names.filter((name) => name !== "")];
    }),
  );
}
