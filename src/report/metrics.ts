import { groupOfFleet } from "../core/config/fleet/group.ts";
import * as v from "valibot";
import { join } from "node:path";
import { jsonAs } from "../core/answer.ts";
import { readIfThere, replaceFile } from "../host/files/durable.ts";
import type { Config } from "../core/config/config.ts";
import { decide } from "../core/decision/decision.ts";
import { moment } from "../core/record/clock-schema.ts";
import { type FinalizationRecord, isUnfinished } from "../core/record/record.ts";
import { counted, metricsText, NO_TOTALS, type Totals } from "./metrics-text.ts";
import type { Slot } from "../core/record/slot.ts";
import { STATES } from "../core/states.ts";
import type { Host } from "../host/process/host.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import { readWaitingNote } from "../state-dir/waiting-note.ts";
import { SlotStore } from "../fleet/slot-store.ts";
import { isNoted, noteMetricsFile, removeFormerMetrics } from "./metrics-files.ts";
import { Outbox } from "./outbox.ts";
import { viewSystems } from "../host/nixos/systems.ts";

/** A delivery may not write into the state folder. What it counts, the next finalization saves. */
export type MetricsWriter = "finalization" | "delivery";

/**
 * Writes the metrics file from the state on disk, so the order of writers does not matter, and
 * removes a file that is not configured any more.
 *
 * @throws Error if the file or the state folder cannot be written
 */
export async function writeMetrics(
  host: Host,
  store: RecordStore,
  config: Config,
  writer: MetricsWriter = "finalization",
): Promise<void> {
  const { metricsFile, receivers } = config.report;
  if (writer === "finalization") removeFormerMetrics(store.folder, metricsFile, host.say);
  if (metricsFile === null) return;
  // One that is not noted would stay for ever, once it is not configured any more.
  if (writer === "delivery" && !isNoted(store.folder, metricsFile)) return;
  const newest = await store.readNewest();
  const isOpen = newest !== null && isUnfinished(newest);
  const outbox = new Outbox(host, store.folder);
  const none = receivers.map(({ name }) => [name, 0] as const);
  const text = metricsText({
    newest,
    waitingFor: isOpen ? (readWaitingNote(store, newest.id)?.for ?? null) : null,
    totals: await countEnded(store, writer),
    rebootRequired: await isRebootRequired(host, config),
    lock: isHeld(new SlotStore(store.folder, host.say).read()) ? "held" : "free",
    reportsOwed: new Map([...none, ...outbox.count("owed")]),
    reportsGivenUp: new Map([...none, ...outbox.count("given-up")]),
  });
  if (writer === "finalization") noteMetricsFile(store.folder, metricsFile);
  // The collector runs as another user, and the folder may belong to one.
  replaceFile(metricsFile, `${text}${await ofRollout(store, config)}`, { mode: 0o644 });
}

/** None without rollouts, whatever is left of former ones. Loads its code only for them. */
async function ofRollout({ folder }: RecordStore, { fleet, lock }: Config): Promise<string> {
  if (fleet === null || lock === null) return "";
  const { readRolloutNote } = await import("../state-dir/rollout-note.ts");
  const { rolloutMetricsText } = await import("./fleet/rollout-metrics.ts");
  const note = readRolloutNote(folder);
  return rolloutMetricsText(note?.group === groupOfFleet(fleet, lock) ? note : null);
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const totalsSchema = v.object({
  outcomes: v.record(v.string(), count),
  rollbacks: count,
  last: v.nullable(
    v.object({
      id: v.string(),
      state: v.picklist(STATES),
      at: moment,
      revision: v.optional(v.nullable(v.string())),
    }),
  ),
  /** The finalizations of the store that are included in the counts. */
  counted: v.array(v.string()),
});

type Counted = Readonly<v.InferOutput<typeof totalsSchema>>;

/**
 * The counts, including the finalizations that ended since they were written. Two simultaneous
 * writers may each miss what the other counted; the next writer counts it, so nothing is lost or
 * counted twice.
 */
async function countEnded(store: RecordStore, writer: MetricsWriter): Promise<Totals> {
  const path = join(store.folder, "totals.json");
  const text = readIfThere(path);
  const before = parseTotals(text);
  const ids = store.ids();
  const ended = await endedAmong(store, ids, new Set(before.counted));
  const totals = ended.reduce<Totals>(counted, before);
  const all = new Set([...before.counted, ...ended.map(({ id }) => id)]);
  const kept = { ...totals, counted: ids.filter((id) => all.has(id)) };
  const after = `${JSON.stringify(kept, null, 2)}\n`;
  if (writer === "finalization" && after !== text) replaceFile(path, after);
  return totals;
}

async function endedAmong(
  store: RecordStore,
  ids: readonly string[],
  known: ReadonlySet<string>,
): Promise<FinalizationRecord[]> {
  const unknown = ids.filter((id) => !known.has(id));
  const read = await Promise.all(unknown.map(async (id) => await store.read(id)));
  return read.flatMap((one) =>
    one.kind === "record" && !isUnfinished(one.record) ? [one.record] : [],
  );
}

/** The totals in a text; none if it cannot be read. */
export function parseTotals(text: string | null): Counted {
  return jsonAs(totalsSchema, text ?? "") ?? { ...NO_TOTALS, counted: [] };
}

async function isRebootRequired(host: Host, config: Config): Promise<boolean | null> {
  const { profile, rebootWhenChanged } = config;
  const target = toplevelAt(profile);
  if (target === null) return null;
  const { action } = decide(
    rebootWhenChanged,
    await viewSystems(host.paths, target, rebootWhenChanged),
  );
  return action === "refuse" ? null : action === "reboot";
}

/** A slot that was only asked for may be held, but that is not known. */
function isHeld(slot: Slot | null): boolean {
  return slot !== null && slot.state !== "asked";
}
