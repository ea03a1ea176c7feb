import { withReplacement } from "../../finalize/finalization-now.ts";
import type { Host } from "../../host/process/host.ts";
import type { ReadRecord, RecordStore } from "../../state-dir/store.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import type { HistoryJson } from "../../json/history.ts";
import { type HistoryEntry, historyScreen } from "../../view/history-screen.ts";
import { acts, type Cli, newCommand, readLimit, withJson } from "../command.ts";
import { type CommonOptions, type Context, printResult, styleOf } from "../context.ts";
import { everyId } from "../shared/find-record.ts";
import { requireAccess } from "../shared/guards.ts";
import { openServices } from "../compose.ts";

interface HistoryOptions extends CommonOptions {
  readonly limit: number;
}

export function addHistory(cli: Cli): void {
  withJson(newCommand(cli, "history"))
    .description("list the finalizations, the newest first")
    .option("-n, --limit <number>", "show at most this number of finalizations", readLimit, 20)
    .action(acts(cli, history));
}

async function history(context: Context, options: HistoryOptions): Promise<void> {
  const { host, store } = await openServices(context, options);
  requireAccess(store);
  const entries = await readEntries(host, store, options.limit);
  printResult(
    context,
    options,
    () => toHistoryJson(entries),
    () => historyScreen(styleOf(context), context.now(), entries),
  );
}

/** The newest first, without a record that was pruned in between. */
async function readEntries(host: Host, store: RecordStore, limit: number): Promise<HistoryEntry[]> {
  const setAside = store.setAside();
  const ids = everyId(store).toReversed().slice(0, limit);
  const entries: HistoryEntry[] = [];
  for (const id of ids) {
    const read = await store.read(id);
    if (read.kind === "missing" && !setAside.includes(id)) continue;
    const entry = toEntry(id, read);
    if (entry.kind === "broken") entries.push(entry);
    else entries.push({ ...entry, record: await withReplacement(host, store, entry.record) });
  }
  return entries;
}

function toEntry(id: string, read: ReadRecord): HistoryEntry {
  switch (read.kind) {
    case "record":
      return read;
    case "broken":
    case "newer":
      return { kind: "broken", id, why: read.why };
    case "missing":
      return { kind: "broken", id, why: "damaged; renamed to .json.broken" };
  }
}

function toHistoryJson(entries: readonly HistoryEntry[]): HistoryJson {
  const finalizations = entries.flatMap((entry) =>
    entry.kind === "record" ? [toFinalizationJson(entry.record)] : [],
  );
  const broken = entries.flatMap((entry) =>
    entry.kind === "broken" ? [{ id: entry.id, why: entry.why }] : [],
  );
  return { schemaVersion: 1, finalizations, broken };
}
