import type { RunnerConfig } from "../../core/config/config.ts";
import type { Event } from "../../core/machine/types.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { stopsOf } from "../../gates/runners/drains.ts";
import { pause } from "../../host/process/time.ts";
import { type FinalizationContext, SUSPENDED, type Suspended, tellerOf } from "../context.ts";
import { drain, type Draining } from "./drain.ts";
import { watchJobs } from "./job-end.ts";
import { startAgain } from "./stop.ts";
import { noteStopped } from "./stopped.ts";

/** A look ahead is as good for so long, in milliseconds. */
const AHEAD_MS = 10_000;

/** A job has at least this time in seconds, so that an idle runner can stop. */
const LEAST_SECONDS = 5;

interface Ahead {
  readonly of: readonly RunnerConfig[];
  readonly atMs: number;
  readonly drained: Promise<readonly string[]>;
}

type UntilUnwanted = Draining["untilUnwanted"];

/** Never: what has begun to act goes on. */
export const never: UntilUnwanted = async (signal) => {
  while (!signal.aborted) await pause(Infinity, signal);
};

/** What one process does to drain runners; it spends `waitFor.timeout` once. */
export class RunnerDrain {
  readonly #context: FinalizationContext;
  #spentSeconds = 0;
  #ahead: Ahead | null = null;

  constructor(context: FinalizationContext) {
    this.#context = context;
  }

  /** Looks for them in the background, while a runner still reports. Never rejects. */
  readonly lookAhead = (runners: readonly RunnerConfig[]): void => {
    const atMs = this.#context.host.elapsedMs();
    this.#ahead = { of: runners, atMs, drained: this.#look(runners) };
  };

  /**
   * Those of the runners that run, and whose stop lets them finish their jobs. That there is none may have
   * been seen ahead: one that was started since then is looked at like any other before it is stopped.
   */
  async find(runners: readonly RunnerConfig[]): Promise<readonly string[]> {
    const ahead = this.#ahead;
    const isNew = ahead !== null && this.#context.host.elapsedMs() - ahead.atMs < AHEAD_MS;
    const isSame = isNew && runners.every((runner) => ahead.of.includes(runner));
    if (isSame && (await ahead.drained).length === 0) return [];
    return await this.#look(runners);
  }

  async #look(runners: readonly RunnerConfig[]): Promise<readonly string[]> {
    const { host, config } = this.#context;
    const stops = await stopsOf(host, config, runners);
    return stops.flatMap(({ unit, stop }) => (stop.kind === "drains" ? [unit] : []));
  }

  /**
   * Drains the runners of the record before the act.
   *
   * @param nearlyDrained called when their jobs have ended, and they still report
   */
  async perform(
    record: FinalizationRecord,
    untilUnwanted: UntilUnwanted,
    nearlyDrained: () => void,
  ): Promise<Event | Suspended> {
    const { host, config } = this.#context;
    const { stoppedRunners } = record;
    await noteStopped(host, record.id, stoppedRunners);
    const begin = host.elapsedMs();
    const over = new AbortController();
    const runners = config.waitFor.runners.filter(({ unit }) => stoppedRunners.includes(unit));
    void watchJobs(host, runners, over.signal, nearlyDrained);
    const draining = this.draining(record, untilUnwanted);
    const end = await drain(host, stoppedRunners, draining).finally(() => {
      over.abort();
    });
    this.#spentSeconds += (host.elapsedMs() - begin) / 1000;
    const { waitedFor } = end;
    switch (end.kind) {
      case "drained":
        return { kind: "drained", waitedFor };
      case "unwanted":
        return { kind: "gates-interrupted", waitedFor };
      case "timed-out":
        return { kind: "gates-timed-out", waitedFor, why: end.why };
      case "refused":
        return { kind: "held-up", why: end.why };
      case "suspended":
        await startAgain(host, record.id, stoppedRunners);
        return SUSPENDED;
    }
  }

  draining(record: FinalizationRecord, untilUnwanted: UntilUnwanted): Draining {
    const { config, stop } = this.#context;
    const { timeout, onTimeout: next } = config.waitFor;
    const seconds = Math.max(LEAST_SECONDS, timeout - this.#spentSeconds);
    return { seconds, next, stop, untilUnwanted, tell: tellerOf(this.#context, record) };
  }

  /** A host that does not hold must not wait long for a job, and the rollback comes in any case. */
  drainingForRollback(record: FinalizationRecord): Draining {
    const { config, stop } = this.#context;
    const seconds = Math.max(LEAST_SECONDS, config.waitFor.rollbackTimeout);
    const tell = tellerOf(this.#context, record);
    return { seconds, next: "proceed", stop, untilUnwanted: never, tell };
  }

  /** Starts the runners of the record again: it waits for its gates once more. */
  async startAgain({ id, stoppedRunners }: FinalizationRecord): Promise<Event> {
    const left = await startAgain(this.#context.host, id, stoppedRunners);
    return { kind: "runners-started", left };
  }
}
