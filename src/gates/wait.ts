import { dueAt } from "../core/record.ts";
import { pause } from "../host/pause.ts";
import type { TellWaiting } from "../host/waiting-note.ts";
import type { Gate, GateContext, GateState, LastGate, Shut } from "./gate.ts";
import { boundOf, describeTimeout, isPast, type Limit, limitOf } from "./limit.ts";
import { type Waited, WaitLog } from "./wait-log.ts";

export interface Waiting {
  readonly gates: readonly Gate[];
  /** Those that come last, in their order. */
  readonly last?: readonly LastGate[];
  /**
   * `far`: where the gate that keeps it waiting opens at a known moment and that is far off, the
   * waiting ends as deferred. Without it this process waits all the same.
   */
  readonly defer?: "far" | "never";
  /** When the waiting began; after a crash still the first time, so that a crash does not extend it. */
  readonly since: Date;
  /** Aborted when systemd asks this process to end. */
  readonly stop: AbortSignal;
  /** True once somebody else wants the wait to end; asked every half second. */
  readonly interrupted: () => boolean;
  /** Told of each reason to wait, for those who ask about it meanwhile. */
  readonly tell?: TellWaiting;
}

/** How waiting ended, always with what was waited for. */
export type WaitEnd = { readonly waited: readonly Waited[] } & (
  | { readonly kind: "opened" }
  | { readonly kind: "timed-out"; readonly why: string; readonly next: "give-up" }
  /** All gates are open but those that the configuration allows to skip. */
  | ({ readonly kind: "timed-out"; readonly why: string; readonly next: "proceed" } & Heeded)
  /** Nothing else is worth waiting for before `until`. */
  | { readonly kind: "deferred"; readonly why: string; readonly until: Date }
  | { readonly kind: "stopped" }
  | { readonly kind: "interrupted" }
);

/** The gates that have to be open. */
export interface Heeded {
  readonly gates: readonly Gate[];
  readonly last: readonly LastGate[];
}

const ROUND_MS = 500;

/** A shorter wait is not worth a timer and a process of its own. */
const FAR_MS = 5_000;

/** The first gate that keeps the finalization waiting, or null when it may go on. */
export async function firstShut(
  gates: readonly Gate[],
  context: GateContext,
): Promise<Shut | null> {
  for (const gate of gates) {
    const state = await gate.look(context);
    const why = reasonToWait(gate, state);
    const opensAt = state.kind === "closed" ? (state.opensAt ?? null) : null;
    if (why !== null) return { gate, why, opensAt };
  }
  return null;
}

function reasonToWait(gate: Gate, state: GateState): string | null {
  switch (state.kind) {
    case "open":
      return null;
    case "closed":
      return state.why;
    case "unknown":
      return gate.whenUnknown === "wait" ? `cannot tell: ${state.why}` : null;
  }
}

/** The gates that are still to be heeded where the limit of one has passed and `proceed` is configured. */
function withoutLate({ gates, last }: Heeded, late: Gate): Heeded {
  if (last.some(({ gate }) => gate === late)) {
    return { gates, last: last.filter(({ gate }) => gate !== late) };
  }
  return { gates: gates.filter((gate) => gate.atDeadline !== "as-configured"), last };
}

/**
 * Waits until all gates are open at once. Each reason is told once, and again when
 * it changes. `waitFor.timeout` counts from when waiting began, but never from
 * before the finalization was due: neither the delay is part of it, nor the time until a reboot
 * window opens.
 */
export async function waitForGates(context: GateContext, waiting: Waiting): Promise<WaitEnd> {
  const log = new WaitLog(context.host, waiting.tell);
  const end = await waitUntilOpen(context, waiting, log);
  return { ...end, waited: log.end() };
}

type EndKind = WaitEnd extends infer End
  ? End extends unknown
    ? Omit<End, "waited">
    : never
  : never;

async function waitUntilOpen(
  context: GateContext,
  waiting: Waiting,
  log: WaitLog,
): Promise<EndKind> {
  let deadline = deadlineOf(context, waiting.since);
  let heeded: Heeded = { gates: waiting.gates, last: waiting.last ?? [] };
  let graceMs = 0;
  let opened: EndKind = { kind: "opened" };
  for (;;) {
    if (waiting.stop.aborted) return { kind: "stopped" };
    if (waiting.interrupted()) return { kind: "interrupted" };
    const shut = await shutAmong(heeded, context, graceMs);
    const limit = shut === null ? null : limitOf(context, shut.gate, deadline);
    log.note(shut, boundOf(limit));
    if (shut === null && graceMs === 0) return opened;
    if (shut === null) {
      await pause(graceMs, waiting.stop);
      graceMs = 0;
      continue;
    }
    leaveAllAfter(shut.gate, heeded.last);
    if (waiting.defer === "far" && isFar(shut.opensAt, context.host.now())) {
      return {
        kind: "deferred",
        why: `waits for the ${shut.gate.name}, which ${shut.why}`,
        until: shut.opensAt,
      };
    }
    graceMs = Math.max(graceMs, shut.gate.graceMs ?? 0);
    if (!isPast(limit, context.host.now())) {
      const waitedMs = await change(context, waiting, shut.gate, limit);
      // The time at a gate with a limit or a moment of its own is no part of `waitFor.timeout`.
      if (shut.gate.limit !== undefined || shut.opensAt !== null) deadline += waitedMs;
      continue;
    }
    const why = describeTimeout(limit, shut);
    if (limit.next === "give-up") return { kind: "timed-out", why, next: limit.next };
    context.host.say(`${why}; goes on, as configured`);
    heeded = withoutLate(heeded, shut.gate);
    opened = { kind: "timed-out", why, next: limit.next, ...heeded };
  }
}

/** What was taken at the gates after one that has shut is given back. */
function leaveAllAfter(shut: Gate, last: readonly LastGate[]): void {
  const index = last.findIndex(({ gate }) => gate === shut);
  for (const { leave } of last.slice(index + 1)) leave();
}

function isFar(opensAt: Date | null, now: Date): opensAt is Date {
  return opensAt !== null && opensAt.getTime() - now.getTime() > FAR_MS;
}

/** The last gates are not looked at before the grace of the others is over. */
async function shutAmong(
  { gates, last }: Heeded,
  context: GateContext,
  graceMs: number,
): Promise<Shut | null> {
  const shut = await firstShut(gates, context);
  if (shut !== null || graceMs > 0) return shut;
  return await firstShut(
    last.map(({ gate }) => gate),
    context,
  );
}

function deadlineOf({ record, config }: GateContext, since: Date): number {
  const begin = Math.max(since.getTime(), dueAt(record).getTime());
  return begin + config.waitFor.timeout * 1000;
}

/**
 * Waits for a change at the gate, for its limit, or for somebody who wants the wait to end.
 *
 * @returns how long that was, in milliseconds of the host's clock
 */
async function change(
  context: GateContext,
  { stop, interrupted }: Waiting,
  gate: Gate,
  limit: Limit | null,
): Promise<number> {
  const { host } = context;
  const begin = host.now().getTime();
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  if (signal.aborted) return 0;
  const changed = gate.change(context, signal).finally(() => {
    over.abort();
  });
  while (!signal.aborted && !isPast(limit, host.now()) && !interrupted()) {
    await pause(ROUND_MS, signal);
  }
  over.abort();
  await changed;
  return Math.max(0, host.now().getTime() - begin);
}
