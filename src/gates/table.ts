import type { RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import { ciJob } from "./ci-job.ts";
import { delay } from "./delay.ts";
import type { Gate, GateContext } from "./gate.ts";
import { session } from "./session.ts";
import { switchLock } from "./switch-lock.ts";
import { runnersTouched } from "./touched.ts";

/** Every gate, in the order in which they are waited for. */
export function gatesFor(runners: readonly RunnerConfig[]): readonly Gate[] {
  return [delay, session, ...(runners.length === 0 ? [] : [ciJob(runners)]), switchLock];
}

/** The gates of one round of waiting, with the runners that they are about. */
export interface Round {
  readonly gates: readonly Gate[];
  /** The runners that the act would stop. */
  readonly runners: readonly RunnerConfig[];
}

/** Finds out once, at the beginning of a round, which gates matter for the act. */
export async function gatesThatMatter(context: GateContext, act: Plan["action"]): Promise<Round> {
  const runners = await runnersTouched(context, act);
  return { gates: gatesFor(runners), runners };
}
