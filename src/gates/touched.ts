import type { RunnerConfig } from "../core/config.ts";
import type { Bonds, DryActivation } from "../host/dry-activation.ts";
import type { GateContext } from "./gate.ts";
import { detectionsOf } from "./presets.ts";

/** What job containers run in; without it a job ends. */
const CONTAINER_ENGINES = ["docker.service", "podman.service", "containerd.service"];

/**
 * The configured runners that a switch would stop, so that a job on another one is no
 * reason to wait. All where it could not be tried dry: it takes the switch lock for a
 * moment, and another may hold it.
 */
export function runnersTouched(
  { host, config }: GateContext,
  dry: DryActivation,
): readonly RunnerConfig[] {
  const { runners } = config.waitFor;
  if (dry.kind === "unknown") {
    host.say(`waits for all runners, as it is unknown which it would stop: ${dry.why}`);
    return runners;
  }
  const { plan, bonds } = dry;
  for (const { unit } of runners) {
    if (!bonds.has(unit)) host.say(`${unit} is not loaded, so no job of it can be waited for`);
  }
  return runners.filter((runner) => isTouched(runner, [...plan.stop, ...plan.restart], bonds));
}

/** Whether a unit, or what it cannot be without, is among the units that stop. */
export function isStopped(unit: string, stopping: readonly string[], bonds: Bonds): boolean {
  return reaches([unit], stopping, bonds);
}

/** Whether the runner, or what it or its containers depend on, is among the units that stop. */
export function isTouched(
  runner: RunnerConfig,
  stopping: readonly string[],
  bonds: Bonds,
): boolean {
  const usesContainers = detectionsOf(runner).some(({ kind }) => kind === "containers");
  return reaches([runner.unit, ...(usesContainers ? CONTAINER_ENGINES : [])], stopping, bonds);
}

function reaches(units: readonly string[], stopping: readonly string[], bonds: Bonds): boolean {
  const reached = new Set(units);
  // A set may grow while it is walked: what is added is walked as well.
  for (const unit of reached) for (const other of bonds.get(unit) ?? []) reached.add(other);
  return stopping.some((unit) => reached.has(unit));
}
