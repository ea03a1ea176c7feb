import { InvalidArgumentError } from "commander";
import { withReplacement } from "../host/finalization-now.ts";
import type { Host } from "../host/host.ts";
import { type ReadRecord, RecordStore } from "../host/store.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import type { HistoryJson } from "../json/history.ts";
import { type Entry, historyScreen } from "../view/history-screen.ts";
import { type Cli, newCommand, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print, styleOf } from "./context.ts";
import { everyId } from "./find-record.ts";
import { loadConfig } from "./load-config.ts";
import { requireAccess } from "./record-access.ts";

interface HistoryOptions extends CommonOptions {
  readonly json?: true;
  readonly limit: number;
}

export function addHistory(cli: Cli): void {
  withJson(newCommand(cli, "history"))
    .description("list what was finalized, the newest first")
    .option("-n, --limit <number>", "how many at most", readLimit, 20)
    .action(async (options: HistoryOptions) => {
      await history(cli.context, options);
    });
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number, 1 and up.");
}

async function history(context: Context, options: HistoryOptions): Promise<void> {
  const config = await loadConfig(options);
  const store = new RecordStore(config.stateDir);
  requireAccess(store);
  const entries = await readEntries(hostOf(context, options), store, options.limit);
  const lines =
    options.json === true
      ? [JSON.stringify(toHistoryJson(entries))]
      : historyScreen(styleOf(context), context.now(), entries);
  for (const line of lines) print(context, line);
}

/** The newest first; one that was pruned in between is left out. */
async function readEntries(host: Host, store: RecordStore, limit: number): Promise<Entry[]> {
  const setAside = store.setAside();
  const ids = everyId(store).toReversed().slice(0, limit);
  const entries: Entry[] = [];
  for (const id of ids) {
    const read = await store.read(id);
    if (read.kind === "missing" && !setAside.includes(id)) continue;
    const entry = toEntry(id, read);
    if (entry.kind === "broken") entries.push(entry);
    else entries.push({ ...entry, record: await withReplacement(host, store, entry.record) });
  }
  return entries;
}

function toEntry(id: string, read: ReadRecord): Entry {
  switch (read.kind) {
    case "record":
      return read;
    case "broken":
      return { ...read, id };
    case "missing":
      return { kind: "broken", id, why: "could not be used, and was set aside" };
  }
}

function toHistoryJson(entries: readonly Entry[]): HistoryJson {
  const finalizations = entries.flatMap((entry) =>
    entry.kind === "record" ? [toFinalizationJson(entry.record)] : [],
  );
  const broken = entries.flatMap((entry) =>
    entry.kind === "broken" ? [{ id: entry.id, why: entry.why }] : [],
  );
  return { schemaVersion: 1, finalizations, broken };
}
