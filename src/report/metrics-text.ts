import { unitsOnOldCode } from "../core/old-code/schema.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { printable } from "../core/printable.ts";
import { secondsBetween } from "../core/span.ts";
import { STATES, type State, isCancellable, isTerminal } from "../core/states.ts";

export interface Measured {
  readonly newest: FinalizationRecord | null;
  /** The gate that the newest waits for; null if it does not wait. */
  readonly waitingFor: string | null;
  readonly totals: Totals;
  /** Whether the boot default needs a reboot to become current; null if unknown. */
  readonly rebootRequired: boolean | null;
  /** Whether this host is known to hold a slot of the fleet lock. */
  readonly lock: "held" | "free";
  readonly reportsOwed: ReadonlyMap<string, number>;
  readonly reportsGivenUp: ReadonlyMap<string, number>;
}

interface LastEnded {
  readonly id: string;
  readonly state: State;
  readonly at: string;
  /** Null or absent if it is unknown. */
  readonly revision?: string | null | undefined;
}

/** Counts of all ended finalizations, including those whose records were removed. */
export interface Totals {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rollbacks: number;
  /** The finalization that ended last. */
  readonly last: LastEnded | null;
}

export const NO_TOTALS: Totals = { outcomes: {}, rollbacks: 0, last: null };

const HELP = {
  info: "The newest finalization.",
  state: "1 for the state of the newest finalization, 0 for all others.",
  state_changed_timestamp_seconds: "When the newest finalization entered its state.",
  due_timestamp_seconds:
    "Until when the newest finalization waits as planned: for its delay, its reboot window or its confirmation; absent otherwise.",
  waiting: "1 for the gate that the newest finalization waits for; absent if it does not wait.",
  phase_duration_seconds: "How long the newest finalization was in each state that it has left.",
  last_outcome: "1 for the outcome of the last ended finalization, 0 for all others.",
  last_info: "The finalization that ended last; always 1.",
  last_end_timestamp_seconds: "When the last ended finalization ended.",
  reboot_required: "1 if the boot default needs a reboot to become the running system.",
  units_on_old_code:
    "How many units ran old code when the newest finalization was verified; absent if unknown.",
  user_units_failed:
    "How many user units had newly failed when the newest finalization was verified.",
  hooks_failed: "How many hooks of the newest finalization have failed; absent if none has begun.",
  lock_held: "1 while this host holds a slot of the fleet lock.",
  finalizations_total: "Ended finalizations, by outcome.",
  rollbacks_total: "Finalizations that started a rollback, whether it succeeded or not.",
  reports_owed: "Reports not delivered yet, by receiver.",
  reports_given_up: "Reports given up, by receiver, of the finalizations whose records are kept.",
} as const;

/** The metrics, without timestamps: the textfile collector of node_exporter refuses them. */
export function metricsText(measured: Measured): string {
  const { totals, rebootRequired } = measured;
  const ends = STATES.filter((state) => isTerminal(state));
  const outcomes = ends.map((state): Sample => [{ outcome: state }, totals.outcomes[state] ?? 0]);
  const families: readonly (readonly [keyof typeof HELP, readonly Sample[]])[] = [
    ...ofNewest(measured),
    ["last_outcome", set("outcome", ends, totals.last?.state)],
    ["last_info", lastInfoOf(totals.last)],
    ["last_end_timestamp_seconds", moment(totals.last?.at)],
    ["reboot_required", rebootRequired === null ? [] : [[{}, rebootRequired ? 1 : 0]]],
    ["units_on_old_code", countSample(unitsOnOldCode(measured.newest?.oldCode ?? null))],
    ["user_units_failed", countSample(measured.newest?.userUnits?.failed.length)],
    ["hooks_failed", countSample(failedHooks(measured.newest))],
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
    ["due_timestamp_seconds", moment(dueOf(newest))],
    ["waiting", waitingFor === null ? [] : [[{ for: waitingFor }, 1]]],
    ["phase_duration_seconds", phasesOf(newest)],
  ];
}

/** @returns the counts plus one ended finalization */
export function counted(totals: Totals, record: FinalizationRecord): Totals {
  const { id, state, timeline, revision } = record;
  const at = timeline.at(-1)?.at ?? record.scheduledAt;
  const rolledBack = timeline.some((entry) => entry.state === "rolling-back");
  return {
    outcomes: { ...totals.outcomes, [state]: (totals.outcomes[state] ?? 0) + 1 },
    rollbacks: totals.rollbacks + (rolledBack ? 1 : 0),
    last: totals.last === null || at >= totals.last.at ? { id, state, at, revision } : totals.last,
  };
}

function infoOf(record: FinalizationRecord | null): Sample[] {
  if (record === null) return [];
  const { id, plan, targetGeneration, revision } = record;
  const generation = targetGeneration === null ? "" : String(targetGeneration);
  return [[{ id, action: plan.action, generation, revision: revision ?? "" }, 1]];
}

function lastInfoOf(last: LastEnded | null): Sample[] {
  return last === null ? [] : [[{ id: last.id, revision: last.revision ?? "" }, 1]];
}

function dueOf(record: FinalizationRecord | null): string | undefined {
  if (record === null) return undefined;
  const { state, deferredUntil, fireAt, confirmBy, hurried } = record;
  if (hurried !== null && isCancellable(state)) return undefined;
  if (isCancellable(state)) return deferredUntil ?? fireAt;
  return state === "verifying" ? (confirmBy ?? undefined) : undefined;
}

function failedHooks(newest: FinalizationRecord | null): number | null {
  if (newest === null || newest.hooks.length === 0) return null;
  return newest.hooks.filter(({ problems }) => problems.length > 0).length;
}

/** Absent while it is unknown. */
function countSample(count: number | null | undefined): Sample[] {
  return count === null || count === undefined ? [] : [[{}, count]];
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

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/**
 * A family of samples in Prometheus' text format; empty without samples. The name gives the type,
 * because counters end in `_total` by convention.
 */
export function family(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const type = name.endsWith("_total") ? "counter" : "gauge";
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return printable(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
