import { ID_PATTERN } from "../core/id.ts";
import { EXIT } from "../core/outcome.ts";
import { Refusal } from "../core/refusal.ts";
import { parseJournal } from "../host/journal-entries.ts";
import { describeEnd, type Ended, type Spawn, type SpawnOptions } from "../host/spawn.ts";
import { RecordStore } from "../host/store.ts";
import { showJournal } from "../host/systemd-commands.ts";
import { type Cli, newCommand, withId, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { everyId, findId } from "./find-record.ts";
import { loadConfig } from "./load-config.ts";
import { requireAccess } from "./record-access.ts";

interface LogOptions extends CommonOptions {
  readonly json?: true;
  readonly follow?: true;
}

export function addLog(cli: Cli): void {
  withJson(withId(newCommand(cli, "log")))
    .description("show its journal, over all boots")
    .option("-f, --follow", "go on with new entries as they come")
    .action(async (id: string | undefined, options: LogOptions) => {
      cli.end(await log(cli.context, id, options));
    });
}

/** Shows the journal of a finalization by journalctl, with its pager on a terminal. */
async function log(
  context: Context,
  wanted: string | undefined,
  options: LogOptions,
): Promise<number> {
  const config = await loadConfig(options);
  const id = findLogged(new RecordStore(config.stateDir), wanted);
  const { spawn } = hostOf(context, options);
  const until = options.follow === true ? "follow" : "now";
  const stop = context.stopSignal("stop");
  const ended =
    options.json === true
      ? await printAsJson(context, spawn, showJournal(id, { until, output: "json" }), stop)
      : await spawn(showJournal(id, { until, output: "text" }), { streams: "ours", signal: stop });
  if (ended.exitCode === 0 || stop.aborted || hasLostReader(context, options)) return EXIT.done;
  throw new Refusal(`cannot show the journal: ${describeEnd(ended)}`);
}

/** journalctl has written itself, so only a line of ours can tell. */
function hasLostReader(context: Context, { json }: LogOptions): boolean {
  if (json !== true && context.terminal() === null) print(context, "");
  return context.isReaderGone();
}

/** An id in full needs no record: the journal may outlive it, and be seen by others than root. */
function findLogged(store: RecordStore, wanted: string | undefined): string {
  if (wanted !== undefined && ID_PATTERN.test(wanted)) return wanted;
  requireAccess(store);
  const id = wanted === undefined ? store.newest() : findId(everyId(store), wanted);
  if (id !== null) return id;
  throw new Refusal(`nothing has been finalized yet: no record in ${store.folder}`);
}

/** Prints each entry as it comes, and passes on what journalctl has to say of them. */
async function printAsJson(
  context: Context,
  spawn: Spawn,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  let rest = "";
  const onOutput: SpawnOptions["onOutput"] = (text, stream) => {
    if (stream === "stderr") {
      context.stderr.write(text);
      return;
    }
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const entry of lines.flatMap(parseJournal)) print(context, JSON.stringify(entry));
  };
  return await spawn(argv, { signal, onOutput });
}
