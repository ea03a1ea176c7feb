import type { Config } from "../../core/config/config.ts";
import type { HookConfig } from "../../core/config/hooks/hooks-config.ts";
import type { Event } from "../../core/machine/types.ts";
import { later } from "../../core/record/clock.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { readClock } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { pause, unlessEnded } from "../../host/process/time.ts";
import type { TellWaiting } from "../../state-dir/waiting-note.ts";
import { type FinalizationContext, SUSPENDED, type Suspended, tellerOf } from "../context.ts";
import { never } from "../runners/runner-drain.ts";
import { startAgain } from "../runners/stop.ts";
import { announceFailure, runHook } from "./hook-run.ts";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** How the tries ended. */
type BeforeEnd =
  | { readonly kind: "done" }
  /** It failed, and that does not matter. */
  | { readonly kind: "passed-over"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string }
  /** It was ended early. */
  | { readonly kind: "cut" };

/**
 * Runs the `before` of a hook, and again if it fails and the hook holds the act.
 *
 * @param untilUnwanted resolves when the finalization is no longer to act
 */
export async function runBefore(
  context: FinalizationContext,
  record: FinalizationRecord,
  name: string,
  untilUnwanted: (signal: AbortSignal) => Promise<void>,
): Promise<Event | Suspended> {
  const { host, config, stop, slots } = context;
  const hook = config.hooks.find((one) => one.name === name);
  const command = hook?.before ?? null;
  if (hook === undefined || command === null) {
    return { kind: "before-ended", hook: name, problem: null, waitedFor: [] };
  }
  slots.keepLease();
  const begin = host.elapsedMs();
  const tries = new BeforeTries(context, record, hook, command);
  // What has begun to act is not cancelled any more.
  const watch = record.state === "waiting" ? untilUnwanted : never;
  const end = await unlessEnded(stop, async (signal) => await tries.run(signal), watch);
  const seconds = Math.round(host.elapsedMs() - begin) / 1000;
  const waitedFor = [{ gate: `hook ${name}`, why: wordsOf(end), seconds }];
  switch (end.kind) {
    case "done":
      host.say(`hook ${name}: its before has ended`);
      return { kind: "before-ended", hook: name, problem: null, waitedFor };
    case "passed-over":
      return { kind: "before-ended", hook: name, problem: end.why, waitedFor };
    case "failed":
      return { kind: "before-failed", hook: name, why: end.why, waitedFor };
    case "cut":
      if (!stop.aborted) return { kind: "gates-interrupted", waitedFor };
      // Nobody takes the record up before the next boot, perhaps.
      if (record.state === "waiting") await startAgain(host, record.id, record.stoppedRunners);
      return SUSPENDED;
  }
}

function wordsOf(end: BeforeEnd): string {
  switch (end.kind) {
    case "done":
      return "its before ran";
    case "passed-over":
    case "failed":
      return end.why;
    case "cut":
      return "its before was ended early";
  }
}

/** How long a hook that holds the act may fail, in seconds, and what follows. */
interface Limit {
  readonly seconds: number;
  readonly next: Config["waitFor"]["onTimeout"];
  readonly why: string;
  /** Whether a try that runs at the limit ends there too; the first one always has its whole timeout. */
  readonly cuts: "tries" | "pauses";
}

/** Whoever rolls back by hand wants to be rid of the system that runs. */
function limitOf(waitFor: Config["waitFor"], { rollbackOf }: FinalizationRecord): Limit {
  return rollbackOf === null
    ? { seconds: waitFor.timeout, next: waitFor.onTimeout, why: "as configured", cuts: "pauses" }
    : {
        seconds: waitFor.rollbackTimeout,
        next: "proceed",
        why: "because it rolls back",
        cuts: "tries",
      };
}

/** All tries of one `before` by this process. */
class BeforeTries {
  readonly #host: Host;
  readonly #limit: Limit;
  readonly #requireLocks: () => void;
  readonly #tell: TellWaiting;
  readonly #record: FinalizationRecord;
  readonly #hook: HookConfig;
  readonly #command: readonly string[];

  constructor(
    context: FinalizationContext,
    record: FinalizationRecord,
    hook: HookConfig,
    command: readonly string[],
  ) {
    this.#host = context.host;
    this.#limit = limitOf(context.config.waitFor, record);
    this.#requireLocks = context.requireLocks;
    this.#tell = tellerOf(context, record);
    this.#record = record;
    this.#hook = hook;
    this.#command = command;
  }

  async run(signal: AbortSignal): Promise<BeforeEnd> {
    try {
      return await this.#run(signal);
    } finally {
      this.#tell(null);
    }
  }

  async #run(signal: AbortSignal): Promise<BeforeEnd> {
    const { name, timeout: whole, onFailure } = this.#hook;
    const program = this.#command[0] ?? "";
    const begin = this.#host.elapsedMs();
    this.#note(`runs ${program} before the act`, whole, null);
    const left = (): number => this.#limit.seconds * 1000 - (this.#host.elapsedMs() - begin);
    let timeout = whole;
    for (let tries = 1; !signal.aborted; tries++) {
      this.#requireLocks();
      const run = { hook: name, stage: "before", command: this.#command, timeout } as const;
      const why = await runHook(this.#host, this.#record, run, signal);
      if (why === null) return { kind: "done" };
      if (signal.aborted) break;
      if (onFailure === "ignore") return await this.#passOver(`${why}; ignored, as configured`);
      if (onFailure === "abort") return await this.#fail(why);
      const leftMs = left();
      if (leftMs <= 0) return await this.#timedOut(why);
      this.#note(`its before has failed, try ${tries}: ${why}`, leftMs / 1000, "at the limit");
      const ms = Math.min(leftMs, LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
      await pause(ms, signal);
      if (this.#limit.cuts === "pauses" || signal.aborted) continue;
      timeout = Math.min(whole, left() / 1000);
      if (timeout <= 0) return await this.#timedOut(why);
    }
    return { kind: "cut" };
  }

  async #timedOut(why: string): Promise<BeforeEnd> {
    const { seconds, next, why: reason } = this.#limit;
    const late = `timed out after ${seconds} s: ${why}`;
    return next === "give-up"
      ? await this.#fail(late)
      : await this.#passOver(`${late}; continues without it, ${reason}`);
  }

  async #fail(why: string): Promise<BeforeEnd> {
    await this.#announce(`its before failed: ${why}`);
    return { kind: "failed", why };
  }

  async #passOver(why: string): Promise<BeforeEnd> {
    await this.#announce(`its before failed: ${why}`);
    return { kind: "passed-over", why };
  }

  async #announce(words: string): Promise<void> {
    const of = { hook: this.#hook.name, stage: "before" } as const;
    await announceFailure(this.#host, this.#record, of, words);
  }

  #note(why: string, seconds: number, end: "at the limit" | null): void {
    const gate = `hook ${this.#hook.name}`;
    this.#host.say(`${gate}: ${why}`);
    const until = later(readClock(this.#host), seconds).at;
    const next = end === null ? null : this.#limit.next;
    this.#tell({ for: gate, why, since: this.#host.now().toISOString(), until, next });
  }
}
