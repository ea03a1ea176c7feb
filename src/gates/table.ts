import type { Config, RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import { dryActivate, type DryActivation } from "../host/dry-activation.ts";
import { ciJob } from "./ci-job.ts";
import { delay } from "./delay.ts";
import { forgeJob } from "./forge-job.ts";
import type { Gate, GateContext } from "./gate.ts";
import { inhibitors } from "./inhibitors.ts";
import { session } from "./session.ts";
import { switchLock } from "./switch-lock.ts";
import { isStopped, runnersTouched } from "./touched.ts";
import { quietUnits, type Stops } from "./units.ts";
import { rebootWindow } from "./window.ts";

/** What of the configuration has gates that only some acts wait for. */
interface Matters {
  readonly runners: readonly RunnerConfig[];
  /** The units of `waitFor.units` that the act would stop. */
  readonly stops: Stops;
}

/**
 * Every gate, in the order in which they are waited for; the fleet lock and the people who are
 * logged in come after these (LastGate). The reboot window comes before all but the delay: it may
 * be days away, and what is in the way now need not be then.
 */
function gatesFor(context: GateContext, act: Plan["action"], matters: Matters): readonly Gate[] {
  const { waitFor } = context.config;
  const window = windowOf(context, act);
  const [runs, late] = [waitFor.units, window === null ? "as-configured" : "wait-on"] as const;
  return [
    delay,
    ...(window === null ? [] : [rebootWindow(window)]),
    session,
    forgeJob,
    ...(matters.runners.length === 0 ? [] : [ciJob(matters.runners)]),
    ...(runs.length === 0 ? [] : [quietUnits(runs, matters.stops, late)]),
    switchLock,
    ...(act === "reboot" ? [inhibitors(window)] : []),
  ];
}

/** Whoever takes a deploy back by hand does not want to wait for the next window. */
function windowOf(
  { record, config }: GateContext,
  act: Plan["action"],
): Config["reboot"]["window"] {
  return act === "reboot" && record.rollbackOf === null ? config.reboot.window : null;
}

/** The gates of one round of waiting, with the runners that they are about. */
export interface Round {
  readonly gates: readonly Gate[];
  /** The runners that the act would stop. */
  readonly runners: readonly RunnerConfig[];
}

/**
 * Finds out once, at the beginning of a round, which gates matter for the act.
 *
 * @param tried what a dry activation told, where there has been one already
 */
export async function gatesThatMatter(
  context: GateContext,
  act: Plan["action"],
  tried?: DryActivation,
): Promise<Round> {
  const { waitFor } = context.config;
  const isAsked = act === "switch" && waitFor.units.length > 0 && tried === undefined;
  const dry = isAsked ? await dryActivate(context.host, context.record.target) : tried;
  const runners = await runnersTouched(context, act, dry);
  const gates = gatesFor(context, act, { runners, stops: stopsOf(act, dry) });
  return { gates, runners };
}

function stopsOf(act: Plan["action"], dry: DryActivation | undefined): Stops {
  if (act === "reboot" || dry?.kind !== "known") return "all";
  const { plan, bonds } = dry;
  const stopping = [...plan.stop, ...plan.restart];
  return (unit) => isStopped(unit, stopping, bonds);
}
