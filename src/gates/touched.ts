import { join } from "node:path";
import type { RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import { describeEnd } from "../host/spawn.ts";
import { showProperties } from "../host/systemd-commands.ts";
import { parseProperties, type Properties } from "../host/unit-properties.ts";
import { parseDryActivate } from "./dry-activate.ts";
import type { GateContext } from "./gate.ts";
import { detectionsOf } from "./presets.ts";

/** A dry activation that takes longer than this is ended, and tells nothing. */
const DRY_ACTIVATE_MS = 60_000;

/** A unit stops when one stops that it is bound to in one of these ways: systemd.unit(5). */
const BONDS = ["Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom"];

/** What job containers run in; without it a job ends. */
const CONTAINER_ENGINES = ["docker.service", "podman.service", "containerd.service"];

/**
 * The configured runners that the act would stop, so that a job on another one is no
 * reason to wait. All of them for a reboot, and all where the switch cannot be tried
 * dry: it takes the switch lock for a moment, and another may hold it.
 */
export async function runnersTouched(
  { host, record, config }: GateContext,
  act: Plan["action"],
): Promise<readonly RunnerConfig[]> {
  const { runners } = config.waitFor;
  if (runners.length === 0 || act === "reboot") return runners;
  const program = join(record.target, "bin/switch-to-configuration");
  const signal = AbortSignal.timeout(DRY_ACTIVATE_MS);
  const [dry, units] = await Promise.all([
    host.spawn([program, "dry-activate"], { signal }),
    host.spawn(showProperties(["Id", ...BONDS], ["*"])),
  ]);
  const failed = [dry, units].find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) {
    host.say(`waits for all runners, as it is unknown which it would stop: ${describeEnd(failed)}`);
    return runners;
  }
  const bonds = bondsOf(parseProperties(units.stdout));
  for (const { unit } of runners) {
    if (!bonds.has(unit)) host.say(`${unit} is not loaded, so no job of it can be waited for`);
  }
  const { stop, restart } = parseDryActivate(`${dry.stdout}\n${dry.stderr}`);
  return runners.filter((runner) => isTouched(runner, [...stop, ...restart], bonds));
}

/** For each unit, those whose stop would stop it too. */
export type Bonds = ReadonlyMap<string, readonly string[]>;

export function bondsOf(units: readonly Properties[]): Bonds {
  return new Map(
    units.map((unit) => {
      const names = BONDS.flatMap((bond) => (unit[bond] ?? "").split(" "));
      return [unit["Id"] ?? "", names.filter((name) => name !== "")];
    }),
  );
}

/** Whether the runner, or what it or its containers depend on, is among the units that stop. */
export function isTouched(
  runner: RunnerConfig,
  stopping: readonly string[],
  bonds: Bonds,
): boolean {
  const usesContainers = detectionsOf(runner).some(({ kind }) => kind === "containers");
  const reached = new Set([runner.unit, ...(usesContainers ? CONTAINER_ENGINES : [])]);
  // A set may grow while it is walked: what is added is walked as well.
  for (const unit of reached) for (const other of bonds.get(unit) ?? []) reached.add(other);
  return stopping.some((unit) => reached.has(unit));
}
