import { awaitsConfirmation, type FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import { isTerminal } from "../../core/states.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import type { ConfirmJson } from "../../json/commands.ts";
import { acts, type Cli, newCommand, withId, withJson } from "../command.ts";
import { type CommonOptions, type Context, printOutcome } from "../context.ts";
import { awaitAnswer, findFitting, leaveRequest } from "../shared/requests.ts";
import { requireRoot } from "../shared/guards.ts";
import { openServices } from "../compose.ts";

export function addConfirm(cli: Cli): void {
  withJson(withId(newCommand(cli, "confirm")))
    .description("confirm a finalization that waits for a confirmation")
    .action(acts(cli, confirm));
}

async function confirm(
  context: Context,
  wanted: string | undefined,
  options: CommonOptions,
): Promise<void> {
  requireRoot(context, "confirming");
  const services = await openServices(context, options);
  const { host, store } = services;
  const { id, state } = await findAwaiting(store, wanted);
  await leaveRequest(context, services, options, { id, kind: "confirm" });
  const isAnswered = (record: FinalizationRecord): boolean => record.state !== state;
  const record = await awaitAnswer(host, store, id, isAnswered, context.stopSignal());
  if (record.state !== state && record.state !== "live") {
    const why = record.outcome?.reason ?? "the time limit has passed";
    throw new Refusal(`too late to confirm ${id}: it is ${record.state}: ${why}`);
  }
  printOutcome(
    context,
    options,
    (): ConfirmJson => ({ schemaVersion: 1, finalization: toFinalizationJson(record) }),
    () => [`deploy-finalize: confirmed ${id}${inWords(record)}`],
  );
}

async function findAwaiting(
  store: RecordStore,
  wanted: string | undefined,
): Promise<FinalizationRecord> {
  const record = await findFitting(store, wanted, awaitsConfirmation);
  if (awaitsConfirmation(record)) return record;
  const { id, state } = record;
  throw new Refusal(
    isTerminal(state)
      ? `${id} has already ended: it is ${state}`
      : `${id} does not wait for a confirmation: it is ${state}`,
  );
}

function inWords({ state }: FinalizationRecord): string {
  return state === "live" ? ": it is live" : "; its unit will process this when it runs again";
}
