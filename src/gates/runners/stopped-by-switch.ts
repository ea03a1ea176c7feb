import { activatedOf } from "../../core/record/record.ts";
import type { RunnerConfig } from "../../core/config/config.ts";
import type { Plan } from "../../core/decision/decision.ts";
import {
  type Bonds,
  dryActivate,
  type DryActivation,
  type UnitPlan,
} from "../../host/nixos/dry-activation.ts";
import type { Host } from "../../host/process/host.ts";
import { askProperties, type Properties } from "../../host/systemd/units.ts";
import type { GateContext } from "../gate.ts";
import { detectionsOf } from "./presets.ts";

/** Which units the act would stop; `all` if that is unknown. */
export type StoppedUnits = "all" | ((unit: string) => boolean);

/** What the act would stop. Both may cost a dry activation, so a gate asks only if it has to know. */
export interface Stopped {
  /** Of the configured runners. */
  readonly runners: () => Promise<readonly RunnerConfig[]>;
  readonly units: () => Promise<StoppedUnits>;
}

/**
 * What an act would stop: everything for a reboot; for a switch as a dry activation says.
 *
 * @param act `dry` is the result of a dry activation, if there has been one already
 */
export function stoppedBy(
  context: GateContext,
  { action, dry }: { readonly action: Plan["action"]; readonly dry?: DryActivation },
): Stopped {
  const { host, record, config } = context;
  const { runners } = config.waitFor;
  if (action === "reboot") return { runners: async () => runners, units: async () => "all" };
  const ask = untilKnown(host, async () => {
    const answer = dry ?? (await dryActivate(host, activatedOf(record)));
    const stopping = runnersStoppedBy(context, answer);
    return { answer, runners: await withChanging(context, stopping) };
  });
  return {
    runners: async () => (runners.length === 0 ? [] : (await ask()).runners),
    units: async () => unitsStoppedBy((await ask()).answer),
  };
}

/** A process that held the switch lock makes the answer unknown, so it is asked again after this time. */
const AGAIN_MS = 30_000;

interface Asked {
  readonly answer: DryActivation;
  readonly runners: readonly RunnerConfig[];
}

/** Asks once, and again after a while if the answer is unknown. */
function untilKnown(
  { elapsedMs }: Pick<Host, "elapsedMs">,
  ask: () => Promise<Asked>,
): () => Promise<Asked> {
  let asked: Promise<Asked> | undefined;
  let askedAt = 0;
  return async () => {
    const time = elapsedMs();
    const isOld = asked !== undefined && time - askedAt >= AGAIN_MS;
    if (asked === undefined || (isOld && (await asked).answer.kind === "unknown")) {
      askedAt = time;
      asked = ask();
    }
    return await asked;
  };
}

/**
 * The configured runners that a switch would stop: a job on another runner is no reason to wait.
 * All of them if the dry activation failed, as it does while another process holds the switch lock.
 */
export function runnersStoppedBy(
  { host, config }: GateContext,
  dry: DryActivation,
): readonly RunnerConfig[] {
  const { runners } = config.waitFor;
  if (runners.length === 0) return [];
  if (dry.kind === "unknown") {
    host.say(
      `cannot tell which runners the switch would stop, so it waits for all of them: ${dry.why}`,
    );
    return runners;
  }
  const { plan, bonds } = dry;
  for (const { unit } of runners) {
    if (!bonds.has(unit)) host.say(`${unit} is not loaded, so its jobs cannot be detected`);
  }
  return runners.filter((runner) => isRunnerStopped(runner, plan, bonds));
}

/**
 * With the runners that are about to stop or to start: a dry activation tells of none of them, and the
 * switch would come upon their jobs. A drain that was cut off leaves such a runner.
 */
async function withChanging(
  { host, config }: GateContext,
  stopping: readonly RunnerConfig[],
): Promise<readonly RunnerConfig[]> {
  const { runners } = config.waitFor;
  const units = [...new Set(runners.map(({ unit }) => unit))];
  if (stopping.length === runners.length) return stopping;
  const shown = await askProperties(host, ["Id", "ActiveState", "Job"], units).catch(() => []);
  if (shown.length !== units.length) return runners;
  const changing = new Set(units.filter((_, index) => isChanging(shown[index] ?? {})));
  return runners.filter((runner) => stopping.includes(runner) || changing.has(runner.unit));
}

/** `Job` is 0 or empty for a unit without one. */
function isChanging({ ActiveState, Job = "" }: Properties): boolean {
  return ActiveState === "deactivating" || ActiveState === "activating" || !/^0?$/.test(Job);
}

function unitsStoppedBy(dry: DryActivation): StoppedUnits {
  if (dry.kind === "unknown") return "all";
  const { plan, bonds } = dry;
  const stopping = [...plan.stop, ...plan.restart];
  return (unit) => reaches([unit], stopping, bonds);
}

/** The job containers run in one of these; a job ends when it stops. */
const CONTAINER_ENGINES = ["docker.service", "podman.service", "containerd.service"];

/** Whether the runner, or a unit that it or its containers depend on, is among the units that stop. */
export function isRunnerStopped(
  runner: RunnerConfig,
  { stop, restart, reload }: Pick<UnitPlan, "stop" | "restart" | "reload">,
  bonds: Bonds,
): boolean {
  const kinds = new Set(detectionsOf(runner).map(({ kind }) => kind));
  const engines = kinds.has("containers") ? CONTAINER_ENGINES : [];
  // The reload of a container switches the system in it.
  const ending = kinds.has("runners-inside")
    ? [...stop, ...restart, ...reload]
    : [...stop, ...restart];
  return reaches([runner.unit, ...engines], ending, bonds);
}

/** Whether one of the units, or a unit that it depends on, is among the units that stop. */
function reaches(units: readonly string[], stopping: readonly string[], bonds: Bonds): boolean {
  const reached = new Set(units);
  // A loop over a set also visits what is added to the set meanwhile.
  for (const unit of reached) for (const other of bonds.get(unit) ?? []) reached.add(other);
  return stopping.some((unit) => reached.has(unit));
}
