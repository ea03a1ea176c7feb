import type { Config } from "../../core/config/config.ts";
import { forgeRunOf } from "../../core/config/forge-run.ts";
import { EXIT, exitCodeOf } from "../../core/outcome.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { isTerminal } from "../../core/states.ts";
import { nextChange } from "../../host/process/watch.ts";
import { ownControlGroups } from "../../host/files/control-group.ts";
import {
  type FinalizationNow,
  fingerprint,
  isOutdated,
  lookAtDriven,
  type ReadNow,
  readNow,
} from "../../finalize/finalization-now.ts";
import type { Host } from "../../host/process/host.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { timeLimit } from "../../host/process/time.ts";
import type { WaitJson } from "../../json/status.ts";
import { howItEnded } from "../../view/headline.ts";
import { drawChange, NewChanges, undrivenWatch } from "../shared/following.ts";
import { acts, type Cli, newCommand, readSpan, withId, withJson } from "../command.ts";
import { type Confirm, confirmOverSsh } from "../confirming/over-ssh.ts";
import {
  type CommonOptions,
  complainInstead,
  type Context,
  printOutcome,
  styleOf,
} from "../context.ts";
import { findRecord } from "../shared/find-record.ts";
import { configFor, requireAccess } from "../shared/guards.ts";
import { type Place, whyWaitsForItself } from "../../finalize/waits-for-itself.ts";
import { readBootId } from "../../host/nixos/systems.ts";
import { openServices } from "../compose.ts";

export interface WaitOptions extends CommonOptions {
  /** Seconds. */
  readonly timeout?: number;
  readonly confirm?: boolean;
}

export function addWait(cli: Cli): void {
  withJson(withId(newCommand(cli, "wait")))
    .description("wait until a finalization ends; the exit code is its outcome")
    .option("--timeout <span>", "stop waiting after this time, with exit code 75", readSpan)
    .option(
      "--confirm",
      "confirm it when it asks, if this call came over an SSH connection that began after the act",
    )
    .action(acts(cli, wait));
}

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
  readonly confirm: Confirm;
}

/**
 * Shows the changes of a finalization until it has ended.
 *
 * @returns the exit code of its outcome
 * @throws Refusal (75) if it has not ended at --timeout, when a signal or a reboot ends `wait`, or if it
 *   asks for a confirmation that this login cannot give
 */
export async function wait(
  context: Context,
  wanted: string | undefined,
  options: WaitOptions,
): Promise<number> {
  const services = await openServices(context, options);
  const { host, store, config: called } = services;
  requireAccess(store);
  const confirm = options.confirm === true ? await confirmOverSsh(context, services, options) : NO;
  const record = await findRecord(store, wanted);
  const ended = await follow({
    host,
    store,
    config: await configFor(record, called),
    place: findPlace(host, context),
    id: record.id,
    show: shower(context, options),
    stop: context.stopSignal("stop"),
    deadline: host.elapsedMs() + (options.timeout ?? Number.POSITIVE_INFINITY) * 1000,
    confirm,
  });
  if (ended.exitCode !== EXIT.done) complainInstead(context, options, howItEnded(ended.record));
  return ended.exitCode;
}

/** Without `--confirm`. */
const NO: Confirm = async () => {};

interface Ended {
  readonly record: FinalizationRecord;
  readonly exitCode: number;
}

async function follow(waited: Wait): Promise<Ended> {
  const { host, store, id, show, stop, deadline } = waited;
  const lookAtDriver = undrivenWatch(host, store, id);
  for (;;) {
    const before = fingerprint(store, id);
    const seen = await read(waited);
    show(seen);
    const { state } = seen.record;
    if (isTerminal(state)) return { record: seen.record, exitCode: exitCodeOf(state) };
    const itself = whyWaitsForItself(seen, waited.config, waited.place);
    if (itself !== null) throw new Refusal(`${itself}: wait would block itself. ${ELSEWHERE}`);
    const leftMs = deadline - host.elapsedMs();
    if (stop.aborted || leftMs <= 0) {
      const why = stop.aborted ? "asked to stop" : "timed out";
      throw new Refusal(`${why}: ${id} has not ended; it is ${state}`, EXIT.unfinished);
    }
    await waited.confirm(seen.record);
    await lookAtDriver();
    const lookAgainMs = isOutdated(seen.record, store) ? OUTDATED_MS : leftMs;
    const over = AbortSignal.any([stop, timeLimit(Math.min(leftMs, lookAgainMs) / 1000)]);
    await nextChange(store.folder, () => fingerprint(store, id) !== before, over);
  }
}

/** When a newer finalization stops its timer, no file changes, so it looks again after this time. */
const OUTDATED_MS = 1000;

const ELSEWHERE =
  "End this job or session. Then run wait from a later job or from another connection.";

/** @throws Refusal if the record cannot be read any more, as in a shutdown: that is no outcome */
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
  return new Refusal(`${why}; the outcome is unknown`, EXIT.unfinished);
}

function shower(context: Context, options: WaitOptions): Wait["show"] {
  const changes = new NewChanges();
  const style = styleOf(context);
  return (seen) => {
    for (const change of changes.since(seen)) {
      printOutcome(
        context,
        options,
        (): WaitJson => ({ schemaVersion: 1, ...change }),
        () => [drawChange(style, context.now(), change)],
      );
    }
  };
}

function findPlace({ paths }: Host, { env }: Context): Place {
  const controlGroups = ownControlGroups(paths);
  return { controlGroups, bootId: readBootId(paths), forgeRun: forgeRunOf(env) };
}
