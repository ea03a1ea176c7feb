import type { Event } from "../core/machine/types.ts";
import { secondsLeft } from "../core/record/clock.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { gatesLeft } from "../core/record/time-limits.ts";
import { readClock, TimeLimit } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import { pause, unlessEnded } from "../host/process/time.ts";
import type { TellWaiting } from "../state-dir/waiting-note.ts";
import {
  type ClosedGate,
  firstClosed,
  type Gate,
  type GateContext,
  type Limit,
  onlyLooks,
} from "./gate.ts";

export interface Waiting {
  /** In their order; those that take or do something come after all others. */
  readonly gates: readonly Gate[];
  /**
   * `far`: the wait ends as deferred if the closed gate opens at a known moment that is far off.
   * Otherwise this process waits until then.
   */
  readonly defer?: "far" | "never";
  /** From when `waitFor.timeout` counts: for the record's own wait a crash does not extend it. */
  readonly since: "in-record" | "now";
  /** What does not count of the record's own wait, over all waits of this process: it grows. */
  readonly leftOut?: LeftOut;
  /** Aborted when systemd asks this process to end. */
  readonly stop: AbortSignal;
  /** True once the finalization is no longer to act. */
  readonly interrupted: () => boolean;
  /** Resolves when that may have changed, or after the time; unless given, every half second. */
  readonly round?: (signal: AbortSignal, mostMs: number) => Promise<void>;
  /**
   * Who looks at the gates after the grace: this wait, unless given; or the caller, who looks at all of them
   * before anything is done.
   */
  readonly lastLook?: "in-wait" | "by-caller";
  /** All gates are open, and only the grace is left: what the act needs can be prepared. */
  readonly nearlyOpen?: () => void;
  /** Gets each reason to wait, for commands that ask about it meanwhile. */
  readonly tell?: TellWaiting;
}

/** Time for which `waitFor.timeout` does not count. */
export interface LeftOut {
  ms: number;
}

type GateEvent<K> = Extract<Event, { readonly kind: K }>;

/** How waiting ended, as an event of the state machine; or this process is to end. */
export type WaitEnd =
  /** `gates` are all open. Those that are missing were skipped at their limit, as configured. */
  | (GateEvent<"gates-opened"> & { readonly gates: readonly Gate[] })
  | GateEvent<"gates-timed-out" | "gates-deferred" | "gates-interrupted">
  | { readonly kind: "suspended" };

const ROUND_MS = 500;

/** A shorter wait is not worth a timer and a process of its own. */
const FAR_MS = 5_000;

/**
 * Waits until all gates are open at once. Each reason is logged once, and again when it changes.
 * `waitFor.timeout` counts from the start of the wait, but not from before the finalization was
 * due: it includes neither the delay, nor the time until a reboot window opens. It is time that
 * passes, whatever the clock is set to.
 */
export async function waitForGates(context: GateContext, waiting: Waiting): Promise<WaitEnd> {
  const { host } = context;
  const log = new WaitLog(host, waiting.tell);
  let { gates } = waiting;
  const timeout = timeoutOf(context, waiting.since);
  const { leftOut = { ms: 0 } } = waiting;
  timeout.extend(leftOut.ms);
  // Whichever gate was closed, a job may have ended a moment ago.
  let owesGrace = hasGrace(gates);
  for (;;) {
    if (waiting.stop.aborted) {
      log.end();
      return { kind: "suspended" };
    }
    if (waiting.interrupted()) return { kind: "gates-interrupted", waitedFor: log.end() };
    const looking = owesGrace ? gates.filter(onlyLooks) : gates;
    const look = await lookUnlessUnwanted(looking, context, waiting);
    if (look === CUT_SHORT) continue;
    const { closed } = look;
    const limit = closed === null ? null : limitOf(context, closed.gate, timeout);
    log.note(closed, limit);
    if (closed === null) {
      if (await isDone(gates, waiting, owesGrace ? "grace-owed" : "all-looked-at")) {
        return { kind: "gates-opened", gates, waitedFor: log.end() };
      }
      owesGrace = false;
      continue;
    }
    const { gate, opensAt } = closed;
    for (const later of gates.slice(gates.indexOf(gate) + 1)) later.leave?.();
    if (waiting.defer === "far" && isFar(opensAt, host.now())) {
      const why = `waits for the ${gate.name}, which ${closed.why}`;
      const until = opensAt.toISOString();
      return { kind: "gates-deferred", why, until, waitedFor: log.end() };
    }
    // A gate that takes something is looked at last, and tells of no job.
    owesGrace ||= onlyLooks(gate) && hasGrace(gates);
    if (!isPast(limit)) {
      const waitedMs = await untilChange(context, waiting, gate, limit);
      // `waitFor.timeout` leaves out the wait for a gate with a limit or a moment of its own, and for one
      // that asks other hosts.
      if (gate.limit !== undefined || opensAt !== null || !onlyLooks(gate)) {
        timeout.extend(waitedMs);
        leftOut.ms += waitedMs;
      }
      continue;
    }
    const why = `timed out after ${limit.seconds} s waiting for ${gate.name}: ${closed.why}`;
    if (limit.next === "give-up") return { kind: "gates-timed-out", why, waitedFor: log.end() };
    host.say(`${why}; continues without it, as configured`);
    gates = withoutLate(gates, gate);
  }
}

const CUT_SHORT = Symbol("a look that has found nothing");

/** Looks at gates; a look that takes long is cut short when the finalization is no longer to act. */
async function lookUnlessUnwanted(
  gates: readonly Gate[],
  context: GateContext,
  { stop, interrupted, round = everyRound }: Waiting,
): Promise<{ readonly closed: ClosedGate | null } | typeof CUT_SHORT> {
  if (gates.every(({ pace }) => pace !== "slow")) {
    return { closed: await firstClosed(gates, context, stop) };
  }
  const closed = await unlessEnded(
    stop,
    async (signal) => await firstClosed(gates, context, signal),
    async (signal) => {
      while (!signal.aborted && !interrupted()) await round(signal, Infinity);
    },
  );
  return stop.aborted || interrupted() ? CUT_SHORT : { closed };
}

/** Whether the wait ends now that what it looked at is open; the grace has passed then. */
async function isDone(
  gates: readonly Gate[],
  { stop, lastLook, interrupted, nearlyOpen }: Waiting,
  looked: "all-looked-at" | "grace-owed",
): Promise<boolean> {
  if (looked === "all-looked-at") return true;
  const graceMs = graceOf(gates);
  const isAll = gates.every(onlyLooks);
  if (graceMs === 0) return isAll;
  nearlyOpen?.();
  await pause(graceMs, stop);
  return isAll && lastLook === "by-caller" && !stop.aborted && !interrupted();
}

function hasGrace(gates: readonly Gate[]): boolean {
  return gates.some(({ graceMs }) => graceMs !== undefined);
}

function graceOf(gates: readonly Gate[]): number {
  return Math.max(0, ...gates.map((gate) => gate.graceMs?.() ?? 0));
}

/** Skips a gate whose limit has passed; `waitFor.timeout` passes for all gates that it bounds. */
function withoutLate(gates: readonly Gate[], late: Gate): readonly Gate[] {
  if (late.limit !== undefined) return gates.filter((gate) => gate !== late);
  return gates.filter(
    ({ limit, atDeadline }) => limit !== undefined || atDeadline !== "as-configured",
  );
}

function isFar(opensAt: Date | null, now: Date): opensAt is Date {
  return opensAt !== null && opensAt.getTime() - now.getTime() > FAR_MS;
}

function timeoutOf({ host, record, config }: GateContext, since: Waiting["since"]): TimeLimit {
  const { timeout } = config.waitFor;
  const begin = readClock(host);
  return new TimeLimit(host, (now) =>
    since === "now" ? secondsLeft(timeout, begin, now) : gatesLeft(record, timeout, now),
  );
}

/** The limit of a gate: its own, or that of `waitFor`, or null. */
function limitOf(context: GateContext, gate: Gate, time: TimeLimit): Limit | null {
  if (gate.limit !== undefined) return gate.limit(context);
  if (gate.atDeadline === "wait-on") return null;
  const { timeout, onTimeout } = context.config.waitFor;
  const next = gate.atDeadline === "give-up" ? "give-up" : onTimeout;
  return { time, seconds: timeout, next };
}

function isPast(limit: Limit | null): limit is Limit {
  return limit !== null && limit.time.leftMs() <= 0;
}

/**
 * Waits for a change at the gate, for its limit, or for the wait to be interrupted.
 *
 * @returns how long that was, in milliseconds
 */
async function untilChange(
  context: GateContext,
  { stop, interrupted, round = everyRound }: Waiting,
  gate: Gate,
  limit: Limit | null,
): Promise<number> {
  const { host } = context;
  const begin = host.elapsedMs();
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  if (signal.aborted) return 0;
  const changed = gate.change(context, signal).finally(() => {
    over.abort();
  });
  const leftMs = (): number => Math.max(0, limit?.time.leftMs() ?? Infinity);
  while (!signal.aborted && !isPast(limit) && !interrupted()) {
    await round(signal, leftMs());
  }
  over.abort();
  await changed;
  return host.elapsedMs() - begin;
}

async function everyRound(signal: AbortSignal): Promise<void> {
  await pause(ROUND_MS, signal);
}

/** Reports each reason to wait once, and again when it changes, and keeps how long it lasted. */
class WaitLog {
  readonly #host: Host;
  readonly #tell: TellWaiting;
  readonly #waited: FinalizationRecord["waitedFor"] = [];
  #current: { readonly gate: string; readonly why: string; readonly sinceMs: number } | null = null;

  constructor(host: Host, tell: TellWaiting = () => {}) {
    this.#host = host;
    this.#tell = tell;
  }

  note(closed: ClosedGate | null, limit: Limit | null): void {
    const gate = closed?.gate.name;
    if (gate === this.#current?.gate && closed?.why === this.#current?.why) return;
    this.#close();
    if (gate === undefined || closed === null) {
      this.#tell(null);
      return;
    }
    const { why } = closed;
    this.#host.say(`waits for ${gate}: ${why}`);
    this.#current = { gate, why, sinceMs: this.#host.elapsedMs() };
    const since = this.#host.now().toISOString();
    const until = limit?.time.endsAt() ?? null;
    this.#tell({ for: gate, why, since, until, next: limit?.next ?? null });
  }

  /** All waits, including the current one. */
  end(): FinalizationRecord["waitedFor"] {
    this.#close();
    this.#tell(null);
    return this.#waited;
  }

  #close(): void {
    if (this.#current === null) return;
    const { gate, why, sinceMs } = this.#current;
    const seconds = Math.round(this.#host.elapsedMs() - sinceMs) / 1000;
    this.#waited.push({ gate, why, seconds });
    this.#current = null;
  }
}
