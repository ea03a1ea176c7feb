import type { FinalizationRecord } from "../../../core/record/record.ts";
import { Refusal } from "../../../core/refusal.ts";
import type { Services } from "../../../finalize/undo-deploy.ts";
import { requireSystemd } from "../../../host/systemd/systemd.ts";
import { toplevelAt } from "../../../host/nixos/toplevel.ts";
import { findRollbackTarget } from "../../../finalize/rollback-target.ts";
import { toFinalizationJson } from "../../../json/finalization.ts";
import type { RollbackJson } from "../../../json/commands.ts";
import { previousName, targetName } from "../../../view/headline.ts";
import { makeSure } from "../../shared/terminal.ts";
import { acts, type Cli, newCommand, readSpan, withId, withJson } from "../../command.ts";
import { type Context, printOutcome } from "../../context.ts";
import { findToRollBack } from "../../shared/find-to-roll-back.ts";
import { awaitAnswer, leaveRequest } from "../../shared/requests.ts";
import { requireRoot } from "../../shared/guards.ts";
import {
  type ByHandOptions,
  scheduleByHand,
  scheduledLines,
} from "../../shared/schedule-by-hand.ts";
import { openServices } from "../../compose.ts";

export function addRollback(cli: Cli): void {
  withJson(withId(newCommand(cli, "rollback")))
    .description("roll back to the system that ran before a finalization")
    .option("-y, --yes", "do not ask before the rollback")
    .option(
      "--delay <span>",
      "wait at least this long: seconds, or a span such as 90s, 5min",
      readSpan,
    )
    .action(acts(cli, rollback));
}

/**
 * Asks a finalization that still verifies to roll back itself. For a finalization that has ended,
 * schedules a new one with the previous system as its target.
 */
async function rollback(
  context: Context,
  wanted: string | undefined,
  options: ByHandOptions,
): Promise<void> {
  requireRoot(context, "a rollback");
  const services = await openServices(context, options);
  const { host, store } = services;
  requireSystemd(host);
  const current = toplevelAt(host.paths.currentSystem);
  const record = await findToRollBack(host, store, wanted, current);
  await findRollbackTarget(host, store, record);
  const question = `Roll back from ${targetName(record)} to ${previousName(record)}?`;
  if (options.yes !== true) await makeSure(context, question);
  const asked = record.state === "verifying" ? await ask(context, services, options, record) : null;
  if (asked === null || asked.state === "live") {
    await schedule(context, services, asked ?? record, options);
    return;
  }
  if (asked.state === "failed") {
    throw new Refusal(`${asked.id} could not roll back: ${asked.outcome?.reason ?? "it failed"}`);
  }
  const finalization = toFinalizationJson(asked);
  printOutcome(
    context,
    options,
    (): RollbackJson => ({ schemaVersion: 1, of: asked.id, how: "asked", finalization }),
    () => askedInWords(asked).map((line) => `deploy-finalize: ${line}`),
  );
}

async function schedule(
  context: Context,
  services: Services,
  record: FinalizationRecord,
  options: ByHandOptions,
): Promise<void> {
  const scheduled = await scheduleByHand(context, services, options, {
    of: record,
    origin: { rollbackOf: record.id },
    configFile: options.config ?? record.configFile,
    find: async ({ host, store }) => await findRollbackTarget(host, store, record),
  });
  const { id } = scheduled.drafted.record;
  const finalization = toFinalizationJson(scheduled.drafted.record);
  printOutcome(
    context,
    options,
    (): RollbackJson => ({ schemaVersion: 1, of: record.id, how: "scheduled", finalization }),
    () => scheduledLines(scheduled, `rollback of ${record.id} is scheduled as ${id}`),
  );
}

/** Asks the process that verifies; returns the record after its answer. */
async function ask(
  context: Context,
  services: Services,
  options: ByHandOptions,
  { id }: FinalizationRecord,
): Promise<FinalizationRecord> {
  await leaveRequest(context, services, options, { id, kind: "rollback" });
  return await awaitAnswer(
    services.host,
    services.store,
    id,
    hasLeftVerifying,
    context.stopSignal(),
  );
}

function hasLeftVerifying({ state }: FinalizationRecord): boolean {
  return state !== "verifying";
}

function askedInWords({ id, state }: FinalizationRecord): string[] {
  if (state === "verifying") {
    return [`asked ${id} to roll back: its unit will process this when it runs again`];
  }
  return [
    state === "rolled-back" ? `${id} was rolled back` : `${id} is rolling back`,
    `to see the outcome: deploy-finalize wait ${id}`,
  ];
}
