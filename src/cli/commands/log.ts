import { jsonLine, printableLines } from "../../core/printable.ts";
import { ID_PATTERN } from "../../core/record/id.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import { parseJournal } from "../../host/systemd/journal-entries.ts";
import {
  describeEnd,
  type Ended,
  type Spawn,
  type SpawnOptions,
} from "../../host/process/spawn.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { showJournal } from "../../host/systemd/journal-commands.ts";
import { acts, type Cli, newCommand, withId, withJson } from "../command.ts";
import { type CommonOptions, type Context, print } from "../context.ts";
import { everyId, findId } from "../shared/find-record.ts";
import { requireAccess } from "../shared/guards.ts";
import { openServices } from "../compose.ts";

interface LogOptions extends CommonOptions {
  readonly follow?: true;
}

export function addLog(cli: Cli): void {
  withJson(withId(newCommand(cli, "log")))
    .description("show the journal of a finalization, across all boots")
    .option("-f, --follow", "keep showing new entries")
    .action(acts(cli, log));
}

/** Shows the journal with journalctl, which uses its pager on a terminal. */
async function log(
  context: Context,
  wanted: string | undefined,
  options: LogOptions,
): Promise<number> {
  const { host, store } = await openServices(context, options);
  const { spawn } = host;
  const id = findLogged(store, wanted);
  const until = options.follow === true ? "follow" : "now";
  const stop = context.stopSignal("stop");
  const ended =
    options.json === true
      ? await printAsJson(context, spawn, showJournal(id, { until, output: "json" }), stop)
      : await spawn(showJournal(id, { until, output: "text" }), { streams: "ours", signal: stop });
  if (ended.exitCode === 0 || stop.aborted || hasLostReader(context, options)) return EXIT.done;
  throw new Refusal(`cannot show the journal: ${describeEnd(ended)}`);
}

/** journalctl writes to stdout itself: only a line of ours shows whether the reader has gone. */
function hasLostReader(context: Context, { json }: LogOptions): boolean {
  if (json !== true && context.terminal() === null) print(context, "");
  return context.isReaderGone();
}

/** A full ID needs no record: the journal may outlive it, and users other than root may read it. */
function findLogged(store: RecordStore, wanted: string | undefined): string {
  if (wanted !== undefined && ID_PATTERN.test(wanted)) return wanted;
  requireAccess(store);
  const id = wanted === undefined ? store.newest() : findId(everyId(store), wanted);
  if (id !== null) return id;
  throw new Refusal(`no finalization yet: there is no record in ${store.folder}`);
}

async function printAsJson(
  context: Context,
  spawn: Spawn,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  let rest = "";
  const onOutput: SpawnOptions["onOutput"] = (text, stream) => {
    if (stream === "stderr") {
      context.stderr.write(printableLines(text));
      return;
    }
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const entry of lines.flatMap(parseJournal)) print(context, jsonLine(entry));
  };
  return await spawn(argv, { signal, onOutput, streams: "ends" });
}
