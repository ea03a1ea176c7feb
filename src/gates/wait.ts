import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import type { Gate, GateState } from "./gate.ts";

/** A gate that is not open, and what it says. */
export interface Shut {
  readonly gate: Gate;
  readonly state: Extract<GateState, { kind: "closed" }>;
}

/** The first gate that keeps the finalization waiting, or null when it may go on. */
export async function firstShut(
  gates: readonly Gate[],
  host: Host,
  record: FinalizationRecord,
): Promise<Shut | null> {
  for (const gate of gates) {
    const state = await gate.look(host, record);
    if (state.kind === "closed") return { gate, state };
    if (state.kind === "unknown") host.say(`cannot look at ${gate.name}: ${state.why}; goes on`);
  }
  return null;
}

/** Waits until all gates are open at once or `stop` is aborted; tells each reason once. */
export async function waitForGates(
  gates: readonly Gate[],
  host: Host,
  record: FinalizationRecord,
  stop: AbortSignal,
): Promise<void> {
  let told = "";
  while (!stop.aborted) {
    const shut = await firstShut(gates, host, record);
    if (shut === null) return;
    const reason = `waits for ${shut.gate.name}: ${shut.state.why}`;
    if (reason !== told) host.say(reason);
    told = reason;
    await shut.gate.change(host, record, stop);
  }
}
