import { printableLine } from "../core/printable.ts";
import type { Config, RunnerConfig } from "../core/config/config.ts";
import type { Window } from "../core/config/windows/window-config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import type { TimeLimit } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import { pause } from "../host/process/time.ts";

export type GateState =
  | { readonly kind: "open"; readonly why?: string }
  | {
      readonly kind: "closed";
      readonly why: string;
      /** The moment at which it opens, if that is known; it does not open earlier. */
      readonly opensAt?: Date;
    }
  | { readonly kind: "unknown"; readonly why: string };

export const OPEN: GateState = { kind: "open" };

/** The state that a look finds; unknown if the look fails. */
export async function looked(look: () => Promise<GateState> | GateState): Promise<GateState> {
  try {
    return await look();
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}

/** The change of a gate that nothing reports: it is looked at again after this time. */
export function polled(ms: number): Gate["change"] {
  return async (_context, signal) => {
    await pause(ms, signal);
  };
}

/**
 * The deadline of a gate that the window of the act bounds: a host that gave up before the window ends
 * would miss it. Without a window `waitFor.timeout` counts.
 */
export function atWindowOrDeadline(windows: readonly Window[] | null): Gate["atDeadline"] {
  return windows === null ? "as-configured" : "wait-on";
}

export interface GateContext {
  readonly host: Host;
  readonly record: FinalizationRecord;
  readonly config: Config;
}

/** Something to wait for before acting. */
export interface Gate {
  readonly name: string;
  /** What happens while the state of the gate is unknown. */
  readonly whenUnknown: "wait" | "proceed";
  /**
   * What happens when `waitFor.timeout` has passed: the wait continues; the finalization ends; or
   * what `waitFor.onTimeout` says.
   */
  readonly atDeadline: "wait-on" | "give-up" | "as-configured";
  /** A limit of its own, in place of `waitFor.timeout`. */
  readonly limit?: (context: GateContext) => Limit;
  /** @param stop ends a look that takes long; its result is of no use then */
  readonly look: (context: GateContext, stop?: AbortSignal) => Promise<GateState>;
  /** Set if a look asks another program or server, and so may take seconds. */
  readonly pace?: "slow";
  /**
   * For how long, in milliseconds, all gates must be seen open because of what the last look saw: a
   * job or unit that has just ended has time to report its end.
   */
  readonly graceMs?: () => number;
  /** Resolves when another look may find the gate changed; ends early when aborted. Never rejects. */
  readonly change: (context: GateContext, signal: AbortSignal) => Promise<void>;
  /**
   * Gives back, in the background, what the gate took. A gate that has this takes or does
   * something, so it comes after all others and is looked at only when they are open.
   */
  readonly leave?: () => void;
  /** The runners that the act would stop. They are stopped before the act, when they are idle. */
  readonly runners?: () => Promise<readonly RunnerConfig[]>;
}

/** Until when a gate is waited for, and what happens then. */
export interface Limit {
  readonly time: Pick<TimeLimit, "leftMs" | "endsAt">;
  /** The time that it allows. */
  readonly seconds: number;
  readonly next: "give-up" | "proceed";
}

/** A gate that must be waited for, and why. */
export interface ClosedGate {
  readonly gate: Gate;
  readonly why: string;
  /** Null if unknown. */
  readonly opensAt: Date | null;
}

/** In characters: it goes to the record, the journal and the screen. */
const MOST_IN_WHY = 1000;

/** The first gate that must be waited for, or null if there is none. */
export async function firstClosed(
  gates: readonly Gate[],
  context: GateContext,
  stop?: AbortSignal,
): Promise<ClosedGate | null> {
  for (const gate of gates) {
    const state = await gate.look(context, stop);
    const why = reasonToWait(gate, state);
    const opensAt = state.kind === "closed" ? (state.opensAt ?? null) : null;
    // Names of jobs, processes and inhibitors are the words of others.
    if (why !== null) return { gate, why: printableLine(why, MOST_IN_WHY), opensAt };
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

/** Whether a gate takes and does nothing. */
export function onlyLooks(gate: Gate): boolean {
  return gate.leave === undefined;
}

/**
 * The order of the last look before an act: what may take long comes first, so that what can change
 * in a moment, such as a job or a unit, is looked at right before the act.
 */
export function slowestFirst(gates: readonly Gate[]): readonly Gate[] {
  const rank = (gate: Gate): number => {
    if (!onlyLooks(gate)) return 0;
    return gate.pace === "slow" ? 1 : 2;
  };
  return gates.toSorted((one, other) => rank(one) - rank(other));
}

/** The runners to stop before the act; none of a gate that was skipped. */
export async function runnersOf(gates: readonly Gate[]): Promise<readonly RunnerConfig[]> {
  const runners = await Promise.all(gates.map(async (gate) => (await gate.runners?.()) ?? []));
  return runners.flat();
}
