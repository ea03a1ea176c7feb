import { InvalidArgumentError } from "commander";
import { jsonLine } from "../../core/printable.ts";
import { EXIT, UNIT_FAILED } from "../../core/outcome.ts";
import { ID_PATTERN, UNIT_VARIABLE } from "../../core/record/id.ts";
import { eventEntry } from "../../core/record/journal-entry.ts";
import { messageOf } from "../../core/refusal.ts";
import { isTerminal } from "../../core/states.ts";
import { NotMounted } from "../../finalize/lost/record.ts";
import { settleLost } from "../../finalize/lost/rollout.ts";
import { endStuck } from "../../finalize/newest/ending.ts";
import { pause, timeLimit } from "../../host/process/time.ts";
import { RecordStore } from "../../state-dir/store.ts";
import type { RunJson } from "../../json/commands.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import { acts, type Cli, newCommand, withJson } from "../command.ts";
import { hostOf, leaveNobodyBehind } from "../compose.ts";
import { type CommonOptions, complain, complainInstead, type Context, print } from "../context.ts";
import { howItEnded } from "../../view/headline.ts";
import { attempt, type Attempt, type Called, type Driven } from "../shared/attempt.ts";
import { requireRoot } from "../shared/guards.ts";
import { loadCalled } from "../shared/load-config.ts";
import { beginTry, CONTINUED, endTry, GIVE_UP, pauseAfter } from "../shared/tries.ts";

export function addRun(cli: Cli): void {
  withJson(newCommand(cli, "run"))
    .description("carry out a finalization until it ends (its systemd unit runs this)")
    .argument("<id>", "the full ID of the finalization", readId)
    .action(acts(cli, runAndPrint));
}

function readId(text: string): string {
  if (ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Use a full ID, such as 20261122-213000-k3f9.");
}

/** The limit in seconds if its configuration cannot be read: files that are gone do not come back. */
const GIVE_UP_WITHOUT_CONFIG = 5;

/** By hand: how long to wait for another process that only ends it, in seconds. */
const PATIENCE = 2;

async function runAndPrint(context: Context, id: string, options: CommonOptions): Promise<number> {
  const exitCode = await run(context, id, options);
  const isSaid = options.quiet !== true || exitCode === EXIT.done;
  if (options.json !== true && isSaid) return exitCode;
  const { called } = await loadCalled(options);
  const read = await new RecordStore(called.stateDir).read(id);
  if (read.kind === "record" && isTerminal(read.record.state)) {
    complainInstead(context, options, howItEnded(read.record));
  }
  if (options.json !== true) return exitCode;
  const finalization = read.kind === "record" ? toFinalizationJson(read.record) : null;
  const json: RunJson = { schemaVersion: 1, exitCode, finalization };
  print(context, jsonLine(json));
  return exitCode;
}

/**
 * Drives one finalization to its end. In its unit it tries again, with longer and longer pauses, if
 * an error such as a full disk stops it; called by hand it ends with exit code 75 then.
 */
async function run(context: Context, id: string, options: CommonOptions): Promise<number> {
  requireRoot(context, "running a finalization");
  const stop = context.stopSignal();
  const called = await loadCalled(options);
  const host = hostOf(context, options);
  const driven = { host, store: new RecordStore(called.called.stateDir), id };
  if (context.env[UNIT_VARIABLE] === undefined) return await runOnce(context, driven, called, stop);
  // The end of one, such as by a profile that moved, may leave the newest one without a driver.
  const driveOthers = async (): Promise<void> => {
    await leaveNobodyBehind(context, { ...driven, config: called.called }, options);
  };
  switch (await beginTry(driven, stop)) {
    case "failed":
      await driveOthers();
      return UNIT_FAILED;
    case "stopped":
      return EXIT.unfinished;
    case "begun": {
      const end = await runInUnit(driven, called, stop);
      // First: etcd may be away for days.
      if (end.kind === "ended" || end.kind === "gone") await driveOthers();
      const told = end.kind === "gone" ? await tellLost(context, driven, called, stop) : "settled";
      if (told === "failed") return EXIT.unfinished;
      if (end.kind !== "again") endTry(driven);
      return told === "settled" ? exitCodeOf(context, end) : EXIT.unfinished;
    }
  }
}

async function runOnce(
  context: Context,
  driven: Driven,
  called: Called,
  stop: AbortSignal,
): Promise<number> {
  const end = await attempt(driven, called, stop, timeLimit(PATIENCE));
  switch (end.kind) {
    case "ended":
      if (end.left !== null) complain(context, end.left);
      return end.exitCode;
    case "gone":
    case "driven":
      throw end.error;
    case "stuck":
      if (end.error === called.problem) throw end.error;
      complain(context, `cannot continue: ${end.why}`);
      return end.exitCode;
  }
}

async function runInUnit(driven: Driven, called: Called, stop: AbortSignal): Promise<UnitEnd> {
  const { host } = driven;
  let begin = host.elapsedMs();
  let last = "";
  for (let tries = 1; ; tries++) {
    const triedAt = host.elapsedMs();
    // It takes over whenever another process, such as a command that ends it, lets go.
    const end = await attempt(driven, called, stop, stop);
    if (end.kind === "ended" || end.kind === "gone") return end;
    if (end.kind === "driven" || host.elapsedMs() - triedAt > CONTINUED * 1000) {
      begin = host.elapsedMs();
    }
    if (end.kind === "stuck") {
      const limit = end.exitCode === EXIT.usage ? GIVE_UP_WITHOUT_CONFIG : GIVE_UP;
      const isOver = host.elapsedMs() - begin > limit * 1000;
      const reason = `could not continue: ${end.why}`;
      if (isOver && (await endsStuck(driven, reason, stop))) return FAILED;
      if (end.why !== last) await announce(driven, end.why);
      last = end.why;
      if (host.ownUnit?.isEndTold === true) return { kind: "again" };
    }
    await pause(pauseAfter(tries) * 1000, stop);
    if (stop.aborted) return { kind: "stopped" };
  }
}

/**
 * Its group would wait for it for ever.
 *
 * @returns `failed` if another try may help
 */
async function tellLost(
  context: Context,
  { host, store, id }: Driven,
  { called: config }: Called,
  stop: AbortSignal,
): Promise<"settled" | "stopped" | "failed"> {
  try {
    return await settleLost(host, { id, name: context.hostName, store, config, stop });
  } catch (error) {
    complain(
      context,
      `cannot tell the group that the record of ${id} is lost: ${messageOf(error)}`,
    );
    // The resume unit starts it again if that is mounted.
    return error instanceof NotMounted ? "settled" : "failed";
  }
}

type UnitEnd =
  | Extract<Attempt, { readonly kind: "ended" | "gone" }>
  /** `again`: only another process of the unit may try again. */
  | { readonly kind: "stopped" | "again" };

const FAILED: UnitEnd = { kind: "ended", exitCode: EXIT.failed, left: null };

function exitCodeOf(context: Context, end: UnitEnd): number {
  switch (end.kind) {
    case "ended":
      if (end.left !== null) complain(context, end.left);
      return end.exitCode === EXIT.failed ? UNIT_FAILED : end.exitCode;
    case "gone":
      complain(context, messageOf(end.error));
      return UNIT_FAILED;
    case "stopped":
    case "again":
      return EXIT.unfinished;
  }
}

async function announce({ host, id }: Driven, why: string): Promise<void> {
  await host.journal.announce(eventEntry("held-up", id, `cannot continue: ${why}`));
}

/** False if another process drives it, or the state folder cannot be written. */
async function endsStuck(
  { host, store, id }: Driven,
  reason: string,
  stop: AbortSignal,
): Promise<boolean> {
  return (await endStuck(host, store, { id, stop }, reason).catch(() => "left")) === "ended";
}
