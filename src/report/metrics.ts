import { join } from "node:path";
import * as v from "valibot";
import type { Config } from "../core/config.ts";
import { decide } from "../core/decision.ts";
import { type FinalizationRecord, isUnfinished } from "../core/record.ts";
import { counted, metricsText, NO_TOTALS, type Totals } from "../core/report-metrics.ts";
import type { Slot } from "../core/slot.ts";
import { STATES } from "../core/states.ts";
import { readIfThere } from "../host/durable.ts";
import { viewSystems } from "../host/facts.ts";
import type { Host } from "../host/host.ts";
import type { RecordStore } from "../host/store.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { readWaitingNote } from "../host/waiting-note.ts";
import { SlotStore } from "../lock/slot-store.ts";
import { Outbox } from "./outbox.ts";
import { replaceSharedFile } from "./shared-file.ts";

/**
 * Writes the metrics file anew from what is on disk, so that it does not matter who writes
 * it last.
 *
 * @throws Error where the file or the state folder cannot be written
 */
export async function writeMetrics(host: Host, store: RecordStore, config: Config): Promise<void> {
  const { metricsFile, receivers } = config.report;
  if (metricsFile === null) return;
  const newest = await store.readNewest();
  const isOpen = newest !== null && isUnfinished(newest);
  const outbox = new Outbox(host, store.folder);
  const none = receivers.map(({ name }) => [name, 0] as const);
  const text = metricsText({
    newest,
    waitingFor: isOpen ? (readWaitingNote(store, newest.id)?.for ?? null) : null,
    totals: await countEnded(store),
    rebootRequired: await isRebootRequired(host, config),
    lock: isHeld(new SlotStore(store.folder, host.say).read()) ? "held" : "free",
    reportsOwed: new Map([...none, ...outbox.count("owed")]),
    reportsGivenUp: new Map([...none, ...outbox.count("given-up")]),
  });
  // The collector is another user.
  replaceSharedFile(metricsFile, text, "readable-by-all");
}

const totalsSchema = v.object({
  outcomes: v.record(v.string(), v.number()),
  rollbacks: v.number(),
  last: v.nullable(v.object({ id: v.string(), state: v.picklist(STATES), at: v.string() })),
  /** The finalizations in the store that are in the counts. */
  counted: v.array(v.string()),
});

type Counted = Readonly<v.InferOutput<typeof totalsSchema>>;

/**
 * The counts, with what has ended since they were written. Two that write at once may each
 * miss what the other counted; who comes next counts it again, so nothing is lost or twice.
 */
async function countEnded(store: RecordStore): Promise<Totals> {
  const path = join(store.folder, "totals.json");
  const text = readIfThere(path);
  const before = parseTotals(text);
  const ids = store.ids();
  const ended = await endedAmong(store, ids, new Set(before.counted));
  const totals = ended.reduce<Totals>(counted, before);
  const all = new Set([...before.counted, ...ended.map(({ id }) => id)]);
  const kept = { ...totals, counted: ids.filter((id) => all.has(id)) };
  const after = `${JSON.stringify(kept, null, 2)}\n`;
  if (after !== text) replaceSharedFile(path, after, "private");
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

function parseTotals(text: string | null): Counted {
  const none = { ...NO_TOTALS, counted: [] };
  if (text === null) return none;
  try {
    const parsed = v.safeParse(totalsSchema, JSON.parse(text));
    return parsed.success ? parsed.output : none;
  } catch {
    return none;
  }
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

/** One that was only asked for may be held, but that is not known. */
function isHeld(slot: Slot | null): boolean {
  return slot !== null && slot.state !== "asked";
}
