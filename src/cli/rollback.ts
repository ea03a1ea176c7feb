import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { RecordStore } from "../host/store.ts";
import { requireSystemd } from "../host/systemd.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { wayBackOf } from "../host/way-back.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import type { RollbackJson } from "../json/requests.ts";
import { previousName, targetName } from "../view/naming.ts";
import { makeSure } from "./ask.ts";
import { type Cli, newCommand, readSpan, withId, withJson } from "./command.ts";
import { type Context, hostOf, print } from "./context.ts";
import { findToTakeBack } from "./find-to-take-back.ts";
import { loadConfig } from "./load-config.ts";
import { askedBy, awaitAnswer } from "./requesting.ts";
import { requireRoot } from "./require-root.ts";
import { type RollbackOptions, scheduleWayBack } from "./schedule-way-back.ts";

export function addRollback(cli: Cli): void {
  withJson(withId(newCommand(cli, "rollback")))
    .description("go back to the system that ran before a finalization")
    .option("-y, --yes", "do not ask whether to")
    .option("--delay <span>", "wait at least this long: seconds, or 90s, 5min", readSpan)
    .action(async (id: string | undefined, options: RollbackOptions) => {
      await rollback(cli.context, id, options);
    });
}

/**
 * Goes back. A finalization that still verifies is asked to do it itself; for one that has
 * ended another one is scheduled, whose target is the previous system.
 */
async function rollback(
  context: Context,
  wanted: string | undefined,
  options: RollbackOptions,
): Promise<void> {
  requireRoot(context, "going back");
  const host = hostOf(context, options);
  requireSystemd(host);
  const config = await loadConfig(options);
  const store = new RecordStore(config.stateDir);
  const runs = toplevelAt(host.paths.currentSystem);
  const record = await findToTakeBack(host, store, wanted, runs);
  await wayBackOf(host, store, record);
  const question = `Go back from ${targetName(record)} to ${previousName(record)}?`;
  if (options.yes !== true) await makeSure(context, question);
  const asked = record.state === "verifying" ? await ask(context, host, store, record) : null;
  if (asked === null || asked.state === "live") {
    await scheduleWayBack(context, { host, store, config }, asked ?? record, options);
    return;
  }
  if (asked.state === "failed") {
    throw new Refusal(`${asked.id} could not go back: ${asked.outcome?.reason ?? "it failed"}`);
  }
  if (options.json === true) print(context, JSON.stringify(askedJson(asked)));
  else for (const line of askedInWords(asked)) print(context, `deploy-finalize: ${line}`);
}

/** Asks the process that verifies; returns the record as it is after that. */
async function ask(
  context: Context,
  host: Host,
  store: RecordStore,
  { id }: FinalizationRecord,
): Promise<FinalizationRecord> {
  store.request(id, "rollback", askedBy(context));
  return await awaitAnswer(host, store, id, hasLeftVerifying, context.stopSignal());
}

function hasLeftVerifying({ state }: FinalizationRecord): boolean {
  return state !== "verifying";
}

function askedInWords({ id, state }: FinalizationRecord): string[] {
  if (state === "verifying") {
    return [`asked ${id} to go back: its unit takes note of it when it runs again`];
  }
  return [
    `${id} ${state === "rolled-back" ? "was rolled back" : "goes back now"}`,
    `to see how it ends: deploy-finalize wait ${id}`,
  ];
}

function askedJson(record: FinalizationRecord): RollbackJson {
  const finalization = toFinalizationJson(record);
  return { schemaVersion: 1, of: record.id, how: "asked", finalization };
}
