import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { forgeRunOf } from "../core/forge-run.ts";
import { exitCodeOf, EXIT } from "../core/outcome.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/states.ts";
import { nextChange } from "../gates/watch.ts";
import { readIfThere } from "../host/durable.ts";
import { readBootId } from "../host/facts.ts";
import {
  type FinalizationNow,
  type ReadNow,
  fingerprint,
  isOutdated,
  lookAtDriven,
  readNow,
} from "../host/finalization-now.ts";
import type { Host } from "../host/host.ts";
import { RecordStore } from "../host/store.ts";
import { timeLimit } from "../host/time-limit.ts";
import { type Change, ChangeTeller, drawChange, toWaitJson } from "./changes.ts";
import { type Cli, newCommand, readSpan, withId, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print, styleOf } from "./context.ts";
import { findRecord } from "./find-record.ts";
import { loadConfig } from "./load-config.ts";
import { OrphanWatch } from "./orphan-watch.ts";
import { configFor, requireAccess } from "./record-access.ts";
import { type Place, whyWaitsForItself } from "./waits-for-itself.ts";

export interface WaitOptions extends CommonOptions {
  readonly json?: true;
  /** Seconds. */
  readonly timeout?: number;
}

export function addWait(cli: Cli): void {
  withJson(withId(newCommand(cli, "wait")))
    .description("follow a finalization to its end; the exit code is the outcome")
    .option("--timeout <span>", "give up after this long, with exit code 75", readSpan)
    .action(async (id: string | undefined, options: WaitOptions) => {
      cli.end(await wait(cli.context, id, options));
    });
}

/** What stays the same for the whole wait. */
interface Wait {
  readonly host: Host;
  readonly store: RecordStore;
  readonly config: Config;
  readonly place: Place;
  readonly id: string;
  readonly show: (seen: FinalizationNow) => void;
  readonly stop: AbortSignal;
  /** In milliseconds of the host's elapsedMs. */
  readonly deadline: number;
}

/**
 * Follows a finalization until it has ended.
 *
 * @returns the exit code of its outcome
 * @throws Refusal (75) where it has not ended: at --timeout, or when this process is asked to end,
 * as a reboot does
 */
export async function wait(
  context: Context,
  wanted: string | undefined,
  options: WaitOptions,
): Promise<number> {
  const called = await loadConfig(options);
  const host = hostOf(context, options);
  const store = new RecordStore(called.stateDir);
  requireAccess(store);
  const record = await findRecord(store, wanted);
  return await follow({
    host,
    store,
    config: await configFor(record, called),
    place: findPlace(host, context),
    id: record.id,
    show: shower(context, options),
    stop: context.stopSignal("stop"),
    deadline: host.elapsedMs() + (options.timeout ?? Number.POSITIVE_INFINITY) * 1000,
  });
}

async function follow(waited: Wait): Promise<number> {
  const { host, store, id, show, stop, deadline } = waited;
  const orphans = new OrphanWatch(host, store, id);
  for (;;) {
    const before = fingerprint(store, id);
    const seen = await read(waited);
    show(seen);
    const { state } = seen.record;
    if (isTerminal(state)) return exitCodeOf(state);
    const itself = whyWaitsForItself(seen, waited.config, waited.place);
    if (itself !== null) throw new Refusal(`${itself}: wait would wait for itself. ${ELSEWHERE}`);
    const leftMs = deadline - host.elapsedMs();
    if (stop.aborted || leftMs <= 0) {
      const why = stop.aborted ? "asked to end" : "the time is over";
      throw new Refusal(`${why}: ${id} has not ended, it is ${state}`, EXIT.unfinished);
    }
    await orphans.look();
    const lookAgainMs = isOutdated(seen.record, store) ? OUTDATED_MS : leftMs;
    const over = AbortSignal.any([stop, timeLimit(Math.min(leftMs, lookAgainMs) / 1000)]);
    await nextChange(store.folder, () => fingerprint(store, id) !== before, over);
  }
}

/** Nothing is written when the timer of an outdated one goes. */
const OUTDATED_MS = 1000;

const ELSEWHERE = "Let this one end, and wait from elsewhere: a later job, or another connection.";

/** @throws Refusal where the record cannot be read any more, as in a shutdown: that is no outcome */
async function read(waited: Wait): Promise<FinalizationNow> {
  const now = await look(waited).catch((error: unknown) => {
    throw outcomeUnknown(`the record of ${waited.id} cannot be read any more: ${messageOf(error)}`);
  });
  if (now.kind !== "record") throw outcomeUnknown(`the record of ${waited.id} is ${now.kind} now`);
  return now;
}

async function look({ host, store, id }: Wait): Promise<ReadNow> {
  const now = await readNow(host, store, id);
  if (now.kind !== "record" || !isOutdated(now.record, store)) return now;
  return { ...now, ...(await lookAtDriven(host, store, now.record)) };
}

function outcomeUnknown(why: string): Refusal {
  return new Refusal(`${why}; how it ended is unknown`, EXIT.unfinished);
}

function shower(context: Context, options: WaitOptions): Wait["show"] {
  const teller = new ChangeTeller();
  const style = styleOf(context);
  const draw = (change: Change): string =>
    options.json === true
      ? JSON.stringify(toWaitJson(change))
      : drawChange(style, context.now(), change);
  return (seen) => {
    for (const change of teller.tell(seen)) print(context, draw(change));
  };
}

function findPlace({ paths }: Host, { env }: Context): Place {
  const controlGroups = readIfThere(join(paths.processes, "self/cgroup")) ?? "";
  return { controlGroups, bootId: readBootId(paths), forgeRun: forgeRunOf(env) };
}
