import { onlyComesBack } from "../core/back.ts";
import { type Config, DEFAULT_CONFIG } from "../core/config.ts";
import { exitCodeOf, EXIT } from "../core/outcome.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { eventEntry } from "../core/journal-entry.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/states.ts";
import { readBootId } from "../host/facts.ts";
import { AlreadyRunning, finalize, readOrRefuse } from "../host/finalize.ts";
import type { Host } from "../host/host.ts";
import { RecordStore } from "../host/store.ts";
import { endUnacted } from "../host/superseding.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { InvalidArgumentError } from "commander";
import { ID_PATTERN } from "../core/id.ts";
import { type Cli, newCommand } from "./command.ts";
import { type CommonOptions, complain, type Context, hostOf } from "./context.ts";
import { configOf, loadCalled } from "./load-config.ts";
import { requireRoot } from "./require-root.ts";

export function addRun(cli: Cli): void {
  newCommand(cli, "run")
    .description("drive a finalization to its end (for its unit)")
    .argument("<id>", "the finalization", readId)
    .action(async (id: string, options: CommonOptions) => {
      cli.end(await run(cli.context, id, options));
    });
}

/** A unit names what it drives in full. */
function readId(text: string): string {
  if (ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("An id looks like 20261122-213000-k3f9.");
}

/**
 * What the detached unit runs: drives one finalization to its end. Where something
 * keeps it from going on, as a full disk does, it ends as unfinished, and its unit
 * starts it again.
 */
async function run(context: Context, id: string, options: CommonOptions): Promise<number> {
  requireRoot(context, "running a finalization");
  const stop = context.stopSignal();
  const { called, problem } = await loadCalled(options);
  const host = hostOf(context, options);
  const store = new RecordStore(called.stateDir);
  try {
    if (problem !== null && (await store.read(id)).kind === "missing") throw problem;
    const record = await readOrRefuse(host, store, id);
    if (problem !== null && record.configFile === null) throw problem;
    const config = await configToDrive(host, record, called);
    return exitCodeAfter(context, await finalize(host, store, config, id, stop));
  } catch (error) {
    if (error instanceof AlreadyRunning || error === problem) throw error;
    return await giveUp(context, { host, store, id }, error);
  }
}

/**
 * The configuration of a finalization. Where that cannot be read, the default one for what needs
 * none: a host that has fallen back, or goes back, is not left half-way.
 */
async function configToDrive(
  { paths }: Host,
  record: FinalizationRecord,
  called: Config,
): Promise<Config> {
  try {
    return await configOf(record, called);
  } catch (error) {
    const now = { bootId: readBootId(paths), booted: toplevelAt(paths.bootedSystem) };
    if (!onlyComesBack(record, now)) throw error;
    return { ...DEFAULT_CONFIG, stateDir: called.stateDir, profile: record.profile };
  }
}

interface Driven {
  readonly host: Host;
  readonly store: RecordStore;
  readonly id: string;
}

/** For good only where its configuration cannot be read: to be started again and again does not bring that back, and would hold up others. */
async function giveUp(
  context: Context,
  { host, store, id }: Driven,
  error: unknown,
): Promise<number> {
  const read = await store.read(id);
  if (read.kind !== "record" || isTerminal(read.record.state)) throw error;
  const why = messageOf(error);
  const isForGood = error instanceof Refusal && error.exitCode === EXIT.usage;
  try {
    const end = isForGood ? await endUnacted(host, store, id, "failed", why) : "left";
    if (end === "ended") return exitCodeOf("failed");
  } catch (inTheWay) {
    complain(context, `cannot go on: ${why}; nor end: ${messageOf(inTheWay)}`);
    return EXIT.unfinished;
  }
  await host.journal.announce(eventEntry("held-up", id, `cannot go on: ${why}`));
  return isForGood ? EXIT.usage : EXIT.unfinished;
}

function exitCodeAfter(context: Context, { state, deferredUntil }: FinalizationRecord): number {
  if (isTerminal(state)) return exitCodeOf(state);
  // Its timer starts another process when the moment has come.
  if (state === "waiting" && deferredUntil !== null && new Date(deferredUntil) > context.now()) {
    return EXIT.done;
  }
  // A reboot that was asked for ends this process: that is as it should be.
  if (state === "rebooting" || state === "rolling-back") return EXIT.done;
  const why = `asked to end while it is ${state}`;
  complain(context, `${why}; its unit or the next boot takes it up again`);
  return EXIT.unfinished;
}
