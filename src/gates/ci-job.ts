import type { RunnerConfig } from "../core/config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { pause } from "../host/pause.ts";
import { showRunnerUnits } from "../host/runner-units.ts";
import { type Gate, type GateState, OPEN } from "./gate.ts";
import { lookAtRunner, type RunnerState } from "./runner-state.ts";

const POLL_MS = 500;

/** The processes of a job are gone a moment before its runner has reported the end to the forge. */
const GRACE_MS = 250;

/**
 * No CI job is running on the runners that the act would stop; the job that
 * schedules is such a job itself. Unknown waits: a job must never be killed on a
 * guess, and the deadline bounds it.
 *
 * @param stopped those of them that the act would stop; asked only while one of them is not idle
 */
export function ciJob(
  runners: readonly RunnerConfig[],
  stopped: () => Promise<readonly RunnerConfig[]>,
): Gate {
  let asked = runners;
  return {
    name: "CI job",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    graceMs: GRACE_MS,
    look: async ({ host }) => {
      const seen = toGateState(await lookAtRunners(host, asked));
      if (seen.kind === "open" || asked.length < runners.length) return seen;
      const inTheWay = await stopped();
      if (inTheWay.length === runners.length) return seen;
      asked = inTheWay;
      return toGateState(await lookAtRunners(host, asked));
    },
    // Nothing tells that a process has come to a group or left it, so it is polled.
    change: async (_context, signal) => {
      await pause(POLL_MS, signal);
    },
  };
}

/** A runner of the configuration and what it does. */
export interface SeenRunner {
  readonly unit: string;
  readonly state: RunnerState;
}

/** Looks at all runners; never rejects. */
export async function lookAtRunners(
  host: Host,
  runners: readonly RunnerConfig[],
): Promise<SeenRunner[]> {
  try {
    const units = await showRunnerUnits(
      host,
      runners.map(({ unit }) => unit),
    );
    const seen = units.map(async (unit, index): Promise<SeenRunner[]> => {
      const runner = runners[index];
      if (runner === undefined) return [];
      return [{ unit: unit.unit, state: await lookAtRunner(host, runner, unit) }];
    });
    return (await Promise.all(seen)).flat();
  } catch (error) {
    const why = messageOf(error);
    return runners.map(({ unit }) => ({ unit, state: { kind: "unknown", why } }));
  }
}

export function toGateState(seen: readonly SeenRunner[]): GateState {
  const told = (kind: "busy" | "unknown") =>
    seen.flatMap(({ unit, state }) => (state.kind === kind ? [`${unit} ${wordsOf(state)}`] : []));
  const [busy, unknown] = [told("busy"), told("unknown")];
  if (busy.length > 0) return { kind: "closed", why: busy.join("; ") };
  return unknown.length > 0 ? { kind: "unknown", why: unknown.join("; ") } : OPEN;
}

function wordsOf(state: RunnerState): string {
  return state.kind === "unknown"
    ? `cannot be looked at: ${state.why}`
    : "why" in state
      ? state.why
      : state.kind;
}
