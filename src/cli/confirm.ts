import { awaitsConfirmation, type FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/states.ts";
import { RecordStore } from "../host/store.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import type { ConfirmJson } from "../json/requests.ts";
import { type Cli, newCommand, withId, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { askedBy, awaitAnswer, findFitting } from "./requesting.ts";
import { requireRoot } from "./require-root.ts";

interface ConfirmOptions extends CommonOptions {
  readonly json?: true;
}

export function addConfirm(cli: Cli): void {
  withJson(withId(newCommand(cli, "confirm")))
    .description("confirm a finalization that waits for it")
    .action(async (id: string | undefined, options: ConfirmOptions) => {
      await confirm(cli.context, id, options);
    });
}

/** Confirms a finalization that waits for it, and sees that it has been heard in time. */
async function confirm(
  context: Context,
  wanted: string | undefined,
  options: ConfirmOptions,
): Promise<void> {
  requireRoot(context, "confirming");
  const config = await loadConfig(options);
  const store = new RecordStore(config.stateDir);
  const { id, state } = await findAwaiting(store, wanted);
  store.request(id, "confirm", askedBy(context));
  const host = hostOf(context, options);
  const isHeard = (record: FinalizationRecord): boolean => record.state !== state;
  const record = await awaitAnswer(host, store, id, isHeard, context.stopSignal());
  if (record.state !== state && record.state !== "live") {
    const why = record.outcome?.reason ?? "its time was over";
    throw new Refusal(`too late to confirm ${id}: it is ${record.state}: ${why}`);
  }
  if (options.json === true) print(context, JSON.stringify(toJson(record)));
  else print(context, `deploy-finalize: confirmed ${id}${inWords(record)}`);
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
      ? `${id} has ended already: it is ${state}`
      : `${id} does not wait for a confirmation: it is ${state}`,
  );
}

function inWords({ state }: FinalizationRecord): string {
  return state === "live" ? ": it is live" : "; its unit takes note of it when it runs again";
}

function toJson(record: FinalizationRecord): ConfirmJson {
  return { schemaVersion: 1, finalization: toFinalizationJson(record) };
}
