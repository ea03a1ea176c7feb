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

/** What the act would stop; to find out costs a dry activation, so it is only asked where it matters. */
interface Stopped {
  readonly runners: () => Promise<readonly RunnerConfig[]>;
  /** Which of `waitFor.units`. */
  readonly units: () => Promise<Stops>;
}

/**
 * Every gate, in the order in which they are waited for; the fleet lock and the people who are
 * logged in come after these (LastGate). The reboot window comes before all but the delay: it may
 * be days away, and what is in the way now need not be then. The switch lock comes before those
 * that may try the switch dry, which wants it too.
 */
function gatesFor(context: GateContext, act: Plan["action"], stopped: Stopped): readonly Gate[] {
  const { runners, units } = context.config.waitFor;
  const window = windowOf(context, act);
  const late = window === null ? "as-configured" : "wait-on";
  return [
    delay,
    ...(window === null ? [] : [rebootWindow(window)]),
    session,
    forgeJob,
    switchLock,
    ...(runners.length === 0 ? [] : [ciJob(runners, stopped.runners)]),
    ...(units.length === 0 ? [] : [quietUnits(units, stopped.units, late)]),
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
  /** The runners that the act would stop; found out once. */
  readonly runners: () => Promise<readonly RunnerConfig[]>;
}

/**
 * The gates that matter for the act.
 *
 * @param tried what a dry activation told, where there has been one already
 */
export function gatesThatMatter(
  context: GateContext,
  act: Plan["action"],
  tried?: DryActivation,
): Round {
  const dry = known(
    context,
    async () => tried ?? (await dryActivate(context.host, context.record.target)),
  );
  const touched = ofEach(dry, (answer) => runnersTouched(context, answer));
  const all = context.config.waitFor.runners;
  const isForAll = act === "reboot" || all.length === 0;
  const runners = async () => (isForAll ? all : await touched());
  const units = async (): Promise<Stops> => (act === "reboot" ? "all" : stopsOf(await dry()));
  return { gates: gatesFor(context, act, { runners, units }), runners };
}

/** Another one may have held the switch lock in that very moment, so what is unknown is asked again. */
const AGAIN_MS = 30_000;

/** Finds out once; what could not be found out, after a while again. */
function known(
  { host }: GateContext,
  find: () => Promise<DryActivation>,
): () => Promise<DryActivation> {
  let found: Promise<DryActivation> | undefined;
  let askedAt = 0;
  return async () => {
    const now = host.now().getTime();
    const isStale =
      found !== undefined && now - askedAt >= AGAIN_MS && (await found).kind === "unknown";
    if (found === undefined || isStale) {
      askedAt = now;
      found = find();
    }
    return await found;
  };
}

/** What follows from an answer, found out once for each. */
function ofEach<T>(
  ask: () => Promise<DryActivation>,
  conclude: (answer: DryActivation) => T,
): () => Promise<T> {
  let last: { readonly answer: DryActivation; readonly conclusion: T } | undefined;
  return async () => {
    const answer = await ask();
    if (last?.answer !== answer) last = { answer, conclusion: conclude(answer) };
    return last.conclusion;
  };
}

function stopsOf(dry: DryActivation): Stops {
  if (dry.kind === "unknown") return "all";
  const { plan, bonds } = dry;
  const stopping = [...plan.stop, ...plan.restart];
  return (unit) => isStopped(unit, stopping, bonds);
}
