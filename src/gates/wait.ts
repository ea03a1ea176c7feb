import { setTimeout as sleep } from "node:timers/promises";
import type { Gate, GateContext, GateState, Shut } from "./gate.ts";
import { type Waited, WaitLog } from "./wait-log.ts";

export interface Waiting {
  readonly gates: readonly Gate[];
  /** When the waiting began; after a crash still the first time, so that a crash does not extend it. */
  readonly since: Date;
  /** Aborted when systemd asks this process to end. */
  readonly stop: AbortSignal;
  /** True once somebody else wants the wait to end; asked every half second. */
  readonly interrupted: () => boolean;
  /** Aborted to have `interrupted` asked at once. */
  readonly wake?: AbortSignal;
}

/** How waiting ended, always with what was waited for. */
export type WaitEnd = { readonly waited: readonly Waited[] } & (
  | { readonly kind: "opened" }
  /** With `proceed`, all gates are open but those that the configuration allows to skip. */
  | { readonly kind: "timed-out"; readonly why: string; readonly next: "proceed" | "give-up" }
  | { readonly kind: "stopped" }
  | { readonly kind: "interrupted" }
);

const ROUND_MS = 500;

/** The first gate that keeps the finalization waiting, or null when it may go on. */
export async function firstShut(
  gates: readonly Gate[],
  context: GateContext,
): Promise<Shut | null> {
  for (const gate of gates) {
    const why = reasonToWait(gate, await gate.look(context));
    if (why !== null) return { gate, why };
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

/** The gates that are still to be heeded where the deadline has passed and `proceed` is configured. */
export function gatesPastDeadline(gates: readonly Gate[]): Gate[] {
  return gates.filter((gate) => gate.atDeadline !== "as-configured");
}

/**
 * Waits until all gates are open at once. Each reason is told once, and again when
 * it changes. `waitFor.timeout` counts from when waiting began, but never from
 * before the finalization was due: the delay is no part of it.
 */
export async function waitForGates(context: GateContext, waiting: Waiting): Promise<WaitEnd> {
  const log = new WaitLog(context.host);
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
  const deadline = deadlineOf(context, waiting.since);
  let { gates } = waiting;
  let graceMs = 0;
  let opened: EndKind = { kind: "opened" };
  for (;;) {
    if (waiting.stop.aborted) return { kind: "stopped" };
    if (waiting.interrupted()) return { kind: "interrupted" };
    const shut = await firstShut(gates, context);
    log.note(shut);
    if (shut === null && graceMs === 0) return opened;
    if (shut === null) {
      await sleep(graceMs, undefined, { signal: waiting.stop }).catch(() => {});
      graceMs = 0;
      continue;
    }
    graceMs = Math.max(graceMs, shut.gate.graceMs ?? 0);
    const next = atDeadline(context, shut.gate, deadline);
    switch (next) {
      case "wait-on":
        await change(context, waiting, shut.gate, deadline);
        break;
      case "give-up":
        return { kind: "timed-out", why: describeTimeout(context, shut), next };
      case "proceed":
        opened = { kind: "timed-out", why: describeTimeout(context, shut), next };
        context.host.say(`${opened.why}; goes on, as configured`);
        gates = gatesPastDeadline(gates);
    }
  }
}

function deadlineOf({ record, config }: GateContext, since: Date): number {
  const begin = Math.max(since.getTime(), Date.parse(record.fireAt));
  return begin + config.waitFor.timeout * 1000;
}

function atDeadline(
  { host, config }: GateContext,
  gate: Gate,
  deadline: number,
): "wait-on" | "give-up" | "proceed" {
  if (gate.atDeadline === "wait-on" || host.now().getTime() < deadline) return "wait-on";
  return gate.atDeadline === "give-up" ? "give-up" : config.waitFor.onTimeout;
}

function describeTimeout({ config }: GateContext, { gate, why }: Shut): string {
  return `waited ${config.waitFor.timeout} s in vain for ${gate.name}: ${why}`;
}

/** Waits for a change at the gate, for the deadline, or for somebody who wants the wait to end. */
async function change(
  context: GateContext,
  { stop, wake, interrupted }: Waiting,
  gate: Gate,
  deadline: number,
): Promise<void> {
  const over = new AbortController();
  const signals = [stop, over.signal, ...(wake === undefined || wake.aborted ? [] : [wake])];
  const signal = AbortSignal.any(signals);
  if (signal.aborted) return;
  const changed = gate.change(context, signal).finally(() => {
    over.abort();
  });
  const isPast = () => gate.atDeadline !== "wait-on" && context.host.now().getTime() >= deadline;
  while (!signal.aborted && !isPast() && !interrupted()) {
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {});
  }
  over.abort();
  await changed;
}
