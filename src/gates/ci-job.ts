import type { Config, RunnerConfig } from "../core/config/config.ts";
import type { Host } from "../host/process/host.ts";
import { asked, pause } from "../host/process/time.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";
import { stopsOf } from "./runners/drains.ts";
import type { RunnerState } from "./runners/seen.ts";
import { lookAtRunners, type SeenRunner } from "./runners/state.ts";

/** Its name, also in the note of a drain: to a person it is the same wait. */
export const CI_JOB = "CI job";

/** The processes of a job end up to so long before its runner has told the forge of the end. */
const GRACE_MS = 900;

/**
 * What is done about a runner whose stop lets it finish its job. `drained`: the gate does not wait for
 * it, because it is drained before the act. `awaited`: the gate waits for its job all the same, because
 * the drain would keep a slot of the fleet lock meanwhile.
 */
export type Drainable = "drained" | "awaited";

/**
 * No CI job is running on the runners that the act would stop; the job that schedules may be one.
 * Unknown waits, at most until the deadline: a job must never be killed on a guess.
 *
 * @param stopped the runners that the act would stop
 */
export function ciJob(
  runners: readonly RunnerConfig[],
  stopped: () => Promise<readonly RunnerConfig[]>,
  drainable: Drainable = "drained",
): Gate {
  const look = new RunnerLook(runners, stopped, drainable);
  return {
    name: CI_JOB,
    whenUnknown: "wait",
    atDeadline: "as-configured",
    graceMs: () => look.graceMs(),
    runners: stopped,
    look: async (context) => await look.take(context),
    change: async ({ host }, signal) => {
      await look.change(host, signal);
    },
  };
}

/** How often a trace is looked at; it costs a file or two. */
const TRACE_MS = 150;

/** Without a trace only another look can tell. */
const LOOK_MS = 500;

/** A trace may miss something, and so may an event. */
const BACKSTOP_MS = 60_000;

const NONE = (): number => 0;

/** What a drain would do changes only if somebody changes the runner. */
const STOPS_MS = 30_000;

class RunnerLook {
  readonly #runners: readonly RunnerConfig[];
  readonly #stopped: () => Promise<readonly RunnerConfig[]>;
  readonly #drainable: Drainable;
  #asked: readonly RunnerConfig[];
  #traces: readonly ((() => boolean) | undefined)[] = [];
  #drained: ReadonlySet<string> | null = null;
  #drainedAtMs = 0;
  /** How long a runner that the act would stop may still report a job; 0 if none is idle. */
  graceMs: () => number = NONE;
  /** When the job of the only runner was seen to end; null if there are others, or only another look can tell. */
  #overAtMs: number | null = null;
  #isOnly = false;

  constructor(
    runners: readonly RunnerConfig[],
    stopped: () => Promise<readonly RunnerConfig[]>,
    drainable: Drainable,
  ) {
    this.#runners = this.#asked = runners;
    this.#stopped = stopped;
    this.#drainable = drainable;
  }

  async take({ host, config }: GateContext): Promise<GateState> {
    const overAtMs = this.#overAtMs;
    this.#overAtMs = null;
    this.graceMs = NONE;
    this.#traces = [];
    let seen = await lookAtRunners(host, this.#asked);
    if (seen.every(({ state }) => state.kind === "inactive")) return OPEN;
    if (this.#asked.length === this.#runners.length) {
      this.#asked = await this.#stopped();
      if (this.#asked.length < this.#runners.length) seen = await lookAtRunners(host, this.#asked);
    }
    const drained = await this.#drainedOf(host, config);
    const awaited = seen.filter(({ unit }) => !drained.has(unit));
    const state = toGateState(awaited);
    if (state.kind === "open") {
      if (awaited.some((runner) => runner.state.kind === "idle")) {
        const endMs = (overAtMs ?? host.elapsedMs()) + GRACE_MS;
        this.graceMs = () => Math.max(0, endMs - host.elapsedMs());
      }
      return withDrained(seen, drained);
    }
    this.#isOnly = new Set(awaited.map(({ unit }) => unit)).size === 1;
    this.#traces = awaited.map((runner) =>
      runner.state.kind === "busy" ? runner.state.isOver : undefined,
    );
    return state;
  }

  /** Resolves soon after a job that was seen has ended. */
  async change({ elapsedMs }: Host, signal: AbortSignal): Promise<void> {
    const traces = this.#traces.filter((trace) => trace !== undefined);
    if (traces.length === 0) {
      await pause(LOOK_MS, signal);
      return;
    }
    const begin = elapsedMs();
    const isLate = (): boolean => elapsedMs() - begin >= BACKSTOP_MS;
    const isOneOver = (): boolean => {
      if (!traces.some((isOver) => isOver())) return false;
      if (this.#isOnly) this.#overAtMs = elapsedMs();
      return true;
    };
    await asked(TRACE_MS, () => isOneOver() || isLate(), signal);
  }

  async #drainedOf(host: Host, config: Config): Promise<ReadonlySet<string>> {
    if (this.#drainable === "awaited") return new Set();
    const now = host.elapsedMs();
    if (this.#drained === null || now - this.#drainedAtMs >= STOPS_MS) {
      const stops = await stopsOf(host, config, this.#asked);
      const drains = stops.filter(({ stop }) => stop.kind === "drains");
      this.#drained = new Set(drains.map(({ unit }) => unit));
      this.#drainedAtMs = now;
    }
    return this.#drained;
  }
}

function withDrained(seen: readonly SeenRunner[], drained: ReadonlySet<string>): GateState {
  const busy = seen.filter(({ unit, state }) => drained.has(unit) && state.kind === "busy");
  if (busy.length === 0) return OPEN;
  const units = busy.map(({ unit }) => unit).join(", ");
  return { kind: "open", why: `${units} is made to finish its job and to take no new one` };
}

export function toGateState(seen: readonly SeenRunner[]): GateState {
  const whyOf = (kind: "busy" | "unknown") =>
    seen.flatMap(({ unit, state }) => (state.kind === kind ? [`${unit} ${inWords(state)}`] : []));
  const [busy, unknown] = [whyOf("busy"), whyOf("unknown")];
  if (busy.length > 0) return { kind: "closed", why: busy.join("; ") };
  return unknown.length > 0 ? { kind: "unknown", why: unknown.join("; ") } : OPEN;
}

function inWords(state: Extract<RunnerState, { readonly why: string }>): string {
  return state.kind === "unknown" ? `cannot be inspected: ${state.why}` : state.why;
}
