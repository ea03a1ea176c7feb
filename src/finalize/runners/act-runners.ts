import type { RunnerConfig } from "../../core/config/config.ts";
import type { Event } from "../../core/machine/types.ts";
import { type FinalizationRecord, hasSwitchedBefore } from "../../core/record/record.ts";
import { stoppedBy } from "../../gates/runners/stopped-by-switch.ts";
import { ciJob } from "../../gates/ci-job.ts";
import { waitForGates } from "../../gates/wait.ts";
import { type FinalizationContext, SUSPENDED, type Suspended, tellerOf } from "../context.ts";
import type { GatePhase } from "../gate-phase.ts";
import { isCancelledOrSuperseded } from "../patience/news.ts";
import { never, type RunnerDrain } from "./runner-drain.ts";
import { findIdleRunners, type Runners } from "./stop.ts";
import { noteStopped } from "./stopped.ts";

/** What each act does about runners. */
export class ActRunners {
  readonly #context: FinalizationContext;
  readonly #gatePhase: GatePhase;
  readonly #drain: RunnerDrain;

  constructor(context: FinalizationContext, gatePhase: GatePhase, drain: RunnerDrain) {
    this.#context = context;
    this.#gatePhase = gatePhase;
    this.#drain = drain;
  }

  /** For the act of the record's state; or the runners that the record has to name first; or it is stopped. */
  async of(
    record: FinalizationRecord,
    act: "switch" | "reboot",
  ): Promise<Runners | Event<"runners-found"> | Suspended> {
    const isRollback = record.state === "rolling-back";
    const stop = isRollback
      ? await this.#forRollback(record, act)
      : await this.#gatePhase.runners(record);
    const drain = await this.#drain.find(stop);
    // A rollback has waited, and comes in any case.
    const idle = isRollback ? [] : stop.filter(({ unit }) => !drain.includes(unit));
    const found = await findIdleRunners(this.#context.host, idle);
    const stopped = [...drain, ...(found.kind === "idle" ? found.units : [])];
    const unnamed = stopped.filter((unit) => !record.stoppedRunners.includes(unit));
    if (unnamed.length > 0) return { kind: "runners-found", units: unnamed };
    if (isRollback) await this.#awaitOthers(record, stop, drain);
    // The jobs have their time still, and the act has not begun.
    if (isRollback && this.#context.stop.aborted) return SUSPENDED;
    const isUnwanted = this.#isUnwanted(record);
    const untilUnwanted = this.#hasBegun(record) ? never : this.#gatePhase.untilUnwanted(record);
    const draining = isRollback
      ? this.#drain.drainingForRollback(record)
      : this.#drain.draining(record, untilUnwanted);
    await noteStopped(this.#context.host, record.id, stopped);
    const { id, stoppedRunners: start } = record;
    return { id, stop: idle, drain, draining, start, isUnwanted };
  }

  /** The jobs on runners that do not drain, for as long as a rollback waits. */
  async #awaitOthers(
    record: FinalizationRecord,
    stop: readonly RunnerConfig[],
    drained: readonly string[],
  ): Promise<void> {
    const { host, config, stop: end } = this.#context;
    const others = stop.filter(({ unit }) => !drained.includes(unit));
    if (others.length === 0) return;
    const { rollbackTimeout: timeout } = config.waitFor;
    const waitFor = { ...config.waitFor, timeout, onTimeout: "proceed" } as const;
    await waitForGates(
      { host, config: { ...config, waitFor }, record },
      {
        gates: [ciJob(others, async () => others, "awaited")],
        defer: "never",
        since: "now",
        stop: end,
        interrupted: () => false,
        tell: tellerOf(this.#context, record),
      },
    );
  }

  /** Those that the way back would stop. */
  async #forRollback(
    record: FinalizationRecord,
    action: "switch" | "reboot",
  ): Promise<readonly RunnerConfig[]> {
    const { host, config } = this.#context;
    const { previous } = record;
    if (config.waitFor.runners.length === 0 || previous === null) return [];
    // It is the previous system that is activated.
    const back = { ...record, target: previous, specialisation: null };
    return await stoppedBy({ host, config, record: back }, { action }).runners();
  }

  #isUnwanted(record: FinalizationRecord): () => boolean {
    return () => !this.#hasBegun(record) && isCancelledOrSuperseded(this.#context, record);
  }

  #hasBegun(record: FinalizationRecord): boolean {
    const isFirst = record.state === "switching" || record.state === "rebooting";
    return !isFirst || hasSwitchedBefore(record);
  }
}
