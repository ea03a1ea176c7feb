import type { Gate, GateContext, Shut } from "./gate.ts";
import type { Bound } from "./wait-log.ts";

/** Until when a gate is waited for, and what happens then. */
export interface Limit {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The time that it allows. */
  readonly seconds: number;
  readonly next: "give-up" | "proceed";
}

/**
 * The limit of a gate: its own, else that of `waitFor`; null where it has none.
 *
 * @param deadline when `waitFor.timeout` has passed, in milliseconds since the epoch
 */
export function limitOf(context: GateContext, gate: Gate, deadline: number): Limit | null {
  if (gate.limit !== undefined) return gate.limit(context);
  if (gate.atDeadline === "wait-on") return null;
  const { timeout, onTimeout } = context.config.waitFor;
  const next = gate.atDeadline === "give-up" ? "give-up" : onTimeout;
  return { at: deadline, seconds: timeout, next };
}

export function boundOf(limit: Limit | null): Bound {
  return limit === null
    ? { until: null, next: null }
    : { until: new Date(limit.at).toISOString(), next: limit.next };
}

export function isPast(limit: Limit | null, now: Date): limit is Limit {
  return limit !== null && now.getTime() >= limit.at;
}

export function describeTimeout({ seconds }: Limit, { gate, why }: Shut): string {
  return `waited ${seconds} s in vain for ${gate.name}: ${why}`;
}
