import { family, type Sample } from "./prometheus.ts";
import type { FinalizationRecord } from "./record.ts";
import { secondsBetween } from "./span.ts";
import { STATES, type State, isTerminal } from "./states.ts";

/** What the metrics are made from. */
export interface Measured {
  readonly newest: FinalizationRecord | null;
  /** What the newest waits for; null where it does not wait. */
  readonly waitingFor: string | null;
  readonly totals: Totals;
  /** Whether the boot default needs a reboot to run; null where that cannot be told. */
  readonly rebootRequired: boolean | null;
  /** Whether this host is known to hold a slot of the fleet lock. */
  readonly lock: "held" | "free";
  readonly reportsOwed: ReadonlyMap<string, number>;
  readonly reportsGivenUp: ReadonlyMap<string, number>;
}

/** Counts over all finalizations that have ended, also those whose records are gone. */
export interface Totals {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rollbacks: number;
  /** The one that ended last, as far as ids tell. */
  readonly last: { readonly id: string; readonly state: State; readonly at: string } | null;
}

export const NO_TOTALS: Totals = { outcomes: {}, rollbacks: 0, last: null };

const HELP = {
  info: "The newest finalization.",
  state: "1 for the state that the newest finalization is in, 0 for all others.",
  state_changed_timestamp_seconds: "When the newest finalization entered its state.",
  waiting: "1 for what the newest finalization waits for; absent while it does not wait.",
  phase_duration_seconds: "How long the newest finalization was in each state that it has left.",
  last_outcome: "1 for how the last finalization that has ended did end, 0 for all others.",
  last_end_timestamp_seconds: "When the last finalization that has ended did end.",
  reboot_required: "1 where the boot default needs a reboot to become the running system.",
  lock_held: "1 while this host holds a slot of the fleet lock.",
  finalizations_total: "Finalizations that have ended, by how.",
  rollbacks_total: "Finalizations that went back, whether that succeeded or not.",
  reports_owed: "Reports that could not be delivered yet, by receiver.",
  reports_given_up: "Reports, of the finalizations that are kept, that were never delivered.",
} as const;

/** The metrics without timestamps, which the textfile collector of node_exporter refuses. */
export function metricsText(measured: Measured): string {
  const { totals, rebootRequired } = measured;
  const ends = STATES.filter((state) => isTerminal(state));
  const outcomes = ends.map((state): Sample => [{ outcome: state }, totals.outcomes[state] ?? 0]);
  const families: readonly (readonly [keyof typeof HELP, readonly Sample[]])[] = [
    ...ofNewest(measured),
    ["last_outcome", set("outcome", ends, totals.last?.state)],
    ["last_end_timestamp_seconds", moment(totals.last?.at)],
    ["reboot_required", rebootRequired === null ? [] : [[{}, rebootRequired ? 1 : 0]]],
    ["lock_held", [[{}, measured.lock === "held" ? 1 : 0]]],
    ["finalizations_total", outcomes],
    ["rollbacks_total", [[{}, totals.rollbacks]]],
    ["reports_owed", byReceiver(measured.reportsOwed)],
    ["reports_given_up", byReceiver(measured.reportsGivenUp)],
  ];
  return families
    .map(([name, samples]) => family(`deploy_finalize_${name}`, HELP[name], samples))
    .join("");
}

function ofNewest({ newest, waitingFor }: Measured): (readonly [keyof typeof HELP, Sample[]])[] {
  return [
    ["info", infoOf(newest)],
    ["state", set("state", STATES, newest?.state)],
    ["state_changed_timestamp_seconds", moment(newest?.timeline.at(-1)?.at)],
    ["waiting", waitingFor === null ? [] : [[{ for: waitingFor }, 1]]],
    ["phase_duration_seconds", phasesOf(newest)],
  ];
}

/** @returns the counts with one more finalization that has ended */
export function counted(totals: Totals, record: FinalizationRecord): Totals {
  const { id, state, timeline } = record;
  const at = timeline.at(-1)?.at ?? record.scheduledAt;
  const wentBack = timeline.some((entry) => entry.state === "rolling-back");
  return {
    outcomes: { ...totals.outcomes, [state]: (totals.outcomes[state] ?? 0) + 1 },
    rollbacks: totals.rollbacks + (wentBack ? 1 : 0),
    last: totals.last === null || at >= totals.last.at ? { id, state, at } : totals.last,
  };
}

function infoOf(record: FinalizationRecord | null): Sample[] {
  if (record === null) return [];
  const { id, plan, targetGeneration, revision } = record;
  const generation = targetGeneration === null ? "" : String(targetGeneration);
  return [[{ id, action: plan.action, generation, revision: revision ?? "" }, 1]];
}

function set(label: string, values: readonly string[], current: string | undefined): Sample[] {
  return values.map((value) => [{ [label]: value }, value === current ? 1 : 0]);
}

function moment(at: string | undefined): Sample[] {
  return at === undefined ? [] : [[{}, Date.parse(at) / 1000]];
}

function phasesOf(record: FinalizationRecord | null): Sample[] {
  const seconds = new Map<string, number>();
  const timeline = record?.timeline ?? [];
  for (const [index, { state, at }] of timeline.entries()) {
    const next = timeline[index + 1];
    if (next === undefined) break;
    seconds.set(state, (seconds.get(state) ?? 0) + secondsBetween(at, next.at));
  }
  return [...seconds].map(([phase, value]) => [{ phase }, value]);
}

function byReceiver(counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([receiver, count]) => [{ receiver }, count]);
}
