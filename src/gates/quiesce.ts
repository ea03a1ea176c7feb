import type { RunnerConfig } from "../core/config.ts";
import type { Host } from "../host/host.ts";
import { describeEnd } from "../host/spawn.ts";
import { showProperties, startUnits, stopUnits } from "../host/systemd-commands.ts";
import { parseProperties } from "../host/unit-properties.ts";
import { lookAtRunners, toGateState } from "./ci-job.ts";

/** Whether runners may be stopped. */
export type Idleness =
  /** The units that run and are idle: the ones to stop, and to start again afterwards. */
  | { readonly kind: "idle"; readonly units: readonly string[] }
  | { readonly kind: "busy"; readonly why: string };

/** Looks for runners that could take a job on in the last moment. */
export async function findIdleRunners(
  host: Host,
  runners: readonly RunnerConfig[],
): Promise<Idleness> {
  if (runners.length === 0) return { kind: "idle", units: [] };
  const seen = await lookAtRunners(host, runners);
  const gate = toGateState(seen);
  if (gate.kind !== "open") return { kind: "busy", why: gate.why };
  const units = seen.flatMap(({ unit, state }) => (state.kind === "idle" ? [unit] : []));
  return { kind: "idle", units: [...new Set(units)] };
}

/**
 * Stops the idle runners just before acting, so that no job arrives in between.
 * Looks once more right before the stop: what is left is the moment in which systemd
 * carries it out. The caller has written down what will be stopped, so that a crash
 * does not leave it stopped.
 *
 * @returns the units that were stopped, or why none was: then nothing has changed
 */
export async function quiesceRunners(
  host: Host,
  runners: readonly RunnerConfig[],
): Promise<Idleness> {
  const found = await findIdleRunners(host, runners);
  if (found.kind === "busy" || found.units.length === 0) return found;
  const ended = await host.spawn(stopUnits(found.units));
  if (ended.exitCode === 0) return found;
  await startRunners(host, found.units);
  return { kind: "busy", why: `cannot be stopped: ${describeEnd(ended)}` };
}

/**
 * Starts runners again, those that the new system still has; starting one that runs
 * changes nothing, so it may be done twice.
 *
 * @returns null, or why not all could be started
 */
export async function startRunners(host: Host, units: readonly string[]): Promise<string | null> {
  if (units.length === 0) return null;
  const shown = await host.spawn(showProperties(["Id", "LoadState"], units));
  const states = parseProperties(shown.stdout);
  const known = units.filter((_, index) => states[index]?.["LoadState"] !== "not-found");
  if (known.length === 0) return null;
  const ended = await host.spawn(startUnits(known));
  return ended.exitCode === 0 ? null : describeEnd(ended);
}
