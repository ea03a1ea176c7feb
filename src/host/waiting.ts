import type { RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import type { Event } from "../core/machine-types.ts";
import { type FinalizationRecord, isReplacedBy } from "../core/record.ts";
import type { GateContext, LastGate } from "../gates/gate.ts";
import { findIdleRunners } from "../gates/quiesce.ts";
import { gatesThatMatter } from "../gates/table.ts";
import { firstShut, type Heeded, type Waiting, waitForGates } from "../gates/wait.ts";
import { nextChange } from "../gates/watch.ts";
import { takeBaseline } from "./failed-units.ts";
import type { Suspended } from "./acting.ts";
import type { RecordStore } from "./store.ts";
import { toplevelAt } from "./toplevel.ts";

/** What one round of waiting found out, for the look that follows with the turn taken. */
export interface WaitedRound extends Heeded {
  /** What the gates were waited for: a reboot ends jobs on runners that a switch leaves alone. */
  readonly action: Plan["action"];
  /** The runners to be stopped for the act; none where a job's end was waited for in vain. */
  readonly runners: () => Promise<readonly RunnerConfig[]>;
}

export interface WaitResult {
  readonly event: Event | Suspended;
  readonly round: WaitedRound;
}

/**
 * Waits until the gates that matter are open, or until somebody wants it to end.
 *
 * @param waiting the gates that come last, and what may end it
 */
export async function awaitGates(
  context: GateContext,
  store: RecordStore,
  action: Plan["action"],
  wanted: Pick<Waiting, "defer" | "stop" | "tell"> & { readonly last: readonly LastGate[] },
): Promise<WaitResult> {
  const { record } = context;
  const { gates, runners } = gatesThatMatter(context, action);
  const interrupted = (): boolean => isUnwanted(store, record);
  const since = waitingSince(record);
  const end = await waitForGates(context, {
    ...wanted,
    gates,
    since,
    interrupted,
  });
  const { last } = wanted;
  const waitedFor = [...end.waited];
  const round: WaitedRound = { action, gates, last, runners };
  switch (end.kind) {
    case "opened":
      return { event: { kind: "gates-opened", waitedFor }, round };
    case "interrupted":
      return { event: { kind: "gates-interrupted", waitedFor }, round };
    case "deferred": {
      const until = end.until.toISOString();
      return { event: { kind: "gates-deferred", waitedFor, until, why: end.why }, round };
    }
    case "stopped":
      return { event: { kind: "suspended" }, round };
    case "timed-out":
      if (end.next === "give-up") {
        return { event: { kind: "gates-timed-out", waitedFor, why: end.why }, round };
      }
      return {
        event: { kind: "gates-opened", waitedFor },
        round: {
          action,
          gates: end.gates,
          last: end.last,
          runners: end.gates === gates ? runners : async () => [],
        },
      };
  }
}

/**
 * The last look before the act, with the turn taken; null where a gate has shut meanwhile. To find
 * out which runners it would stop may take a while, so that comes before the gates.
 */
export async function lookOnceMore(
  context: GateContext,
  { gates, last, runners }: WaitedRound,
): Promise<Event | null> {
  const stopping = await runners();
  // The last gates may keep us waiting for an answer, so here they come first.
  const shut = await firstShut([...last.map(({ gate }) => gate), ...gates], context);
  if (shut !== null) return null;
  const idleness = await findIdleRunners(context.host, stopping);
  if (idleness.kind === "busy") return null;
  const failedUnits = await takeBaseline(context.host);
  return { kind: "turn-taken", failedUnits, idleRunners: idleness.units };
}

/** Cancelled or superseded; the machine says which. */
function isUnwanted(store: RecordStore, record: FinalizationRecord): boolean {
  return (
    store.requests(record.id).cancel !== null ||
    isReplacedBy(store.newest(), record) ||
    toplevelAt(record.profile) !== record.target
  );
}

/** Makes a wait until somebody wants those of the finalization to end, or until a signal. */
export function untilUnwanted(
  store: RecordStore,
  record: FinalizationRecord,
): (signal: AbortSignal) => Promise<void> {
  const isSo = (): boolean => isUnwanted(store, record);
  return async (signal) => {
    while (!signal.aborted && !isSo()) await nextChange(store.folder, isSo, signal);
  };
}

/** A crash must not lengthen the waiting: it counts from the first time. */
function waitingSince(record: FinalizationRecord): Date {
  const first = record.timeline.find(({ state }) => state === "waiting");
  return new Date(first?.at ?? record.scheduledAt);
}
