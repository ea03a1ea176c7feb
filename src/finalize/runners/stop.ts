import type { RunnerConfig } from "../../core/config/config.ts";
import type { Event } from "../../core/machine/types.ts";
import { toGateState } from "../../gates/ci-job.ts";
import { lookAtRunners } from "../../gates/runners/state.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { showProperties, stopUnits } from "../../host/systemd/commands.ts";
import * as systemd from "../../host/systemd/systemd.ts";
import { parseProperties } from "../../host/systemd/units.ts";
import { SUSPENDED, type Suspended } from "../context.ts";
import { releaseRunners } from "./hold.ts";
import { drain, type DrainEnd, type Draining } from "./drain.ts";
import { undefinedOf } from "./stopped.ts";

/** What an act does about runners. The record names each of them before. */
export interface Runners {
  /** The finalization. */
  readonly id: string;
  /** The runners that do not drain: the act stops them when they are idle. */
  readonly stop: readonly RunnerConfig[];
  /** The runners whose stop lets them finish their jobs. */
  readonly drain: readonly string[];
  readonly draining: Draining;
  readonly start: readonly string[];
  /** Whether it was cancelled or superseded meanwhile: to stop a runner takes a while. */
  readonly isUnwanted: () => boolean;
}

/** Resolves to null, or to what keeps the act from its beginning; then the runners work. */
export async function stopRunners(host: Host, runners: Runners): Promise<Event | Suspended | null> {
  const why =
    whyNotDrained(await drain(host, runners.drain, runners.draining)) ??
    (await whyNotIdle(host, runners));
  // An earlier step may have drained some of them.
  if (why !== null) await startAgain(host, runners.id, runners.start);
  return why;
}

async function whyNotIdle(host: Host, { stop, start, isUnwanted }: Runners): Promise<Event | null> {
  const problem = await stopIdleRunners(host, stop, start);
  if (problem !== null) return { kind: "held-up", why: problem };
  return isUnwanted() ? UNWANTED : null;
}

const UNWANTED: Event = { kind: "held-up", why: "it was cancelled or superseded" };

function whyNotDrained(end: DrainEnd): Event | Suspended | null {
  switch (end.kind) {
    case "drained":
      return null;
    case "unwanted":
      return UNWANTED;
    case "timed-out":
    case "refused":
      return { kind: "held-up", why: end.why };
    case "suspended":
      return SUSPENDED;
  }
}

/**
 * Starts the runners of a finalization that the system in use still has. It may be called twice,
 * because to start a unit that runs changes nothing.
 *
 * @returns the runners that could not be started
 */
export async function startAgain(
  host: Host,
  id: string,
  units: readonly string[],
): Promise<readonly string[]> {
  if (units.length === 0) return [];
  releaseRunners(host, units);
  const shown = await host.spawn(showProperties(["Id", "LoadState"], units));
  const states = parseProperties(shown.stdout);
  const loaded = units.filter((_, index) => states[index]?.["LoadState"] !== "not-found");
  const gone = await undefinedOf(host, id, loaded).catch(() => new Set<string>());
  const present = loaded.filter((unit) => !gone.has(unit));
  if (present.length === 0) return [];
  const problem = await systemd.start(host, present);
  if (problem === null) return [];
  host.say(`runners could not be started again: ${problem}`);
  return present;
}

export type Idleness =
  /** The units that run and are idle: to be stopped now, and started again afterwards. */
  | { readonly kind: "idle"; readonly units: readonly string[] }
  | { readonly kind: "busy"; readonly why: string };

/** Finds the runners that could start a job until the act. */
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
 * Stops the idle runners just before the act, so that no job starts in between. It looks right
 * before the stop, so a job can only start in the moment in which systemd stops its runner.
 *
 * @param named those in the record, so that a crash does not leave them stopped; no other is stopped
 * @returns null if all idle ones are stopped; or why not, and then the caller starts them again
 */
export async function stopIdleRunners(
  host: Host,
  runners: readonly RunnerConfig[],
  named: readonly string[],
): Promise<string | null> {
  const found = await findIdleRunners(host, runners);
  if (found.kind === "busy") return found.why;
  const other = found.units.find((unit) => !named.includes(unit));
  if (other !== undefined) return `${other} was started meanwhile`;
  if (found.units.length === 0) return null;
  const ended = await host.spawn(stopUnits(found.units));
  return ended.exitCode === 0 ? null : `cannot be stopped: ${describeEnd(ended)}`;
}
