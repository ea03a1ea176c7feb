import { unitName } from "../core/id.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import { finalize } from "../host/finalize.ts";
import { tryLock } from "../host/lock.ts";
import { RecordStore } from "../host/store.ts";
import { stopTimers } from "../host/systemd.ts";
import { type Cli, newCommand, withId } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { findRecord } from "./find-record.ts";
import { configOf, loadConfig } from "./load-config.ts";
import { requesterOf } from "./requester.ts";
import { requireRoot } from "./require-root.ts";

export function addCancel(cli: Cli): void {
  withId(newCommand(cli, "cancel"))
    .description("drop a finalization that has not begun to act")
    .action(async (id: string | undefined, options: CommonOptions) => {
      await cancel(cli.context, id, options);
    });
}

export function addConfirm(cli: Cli): void {
  withId(newCommand(cli, "confirm"))
    .description("confirm a finalization that waits for it")
    .action(async (id: string | undefined, options: CommonOptions) => {
      await confirm(cli.context, id, options);
    });
}

/** Drops a finalization that has not begun to act. The boot default stays what the deploy made it. */
export async function cancel(
  context: Context,
  wanted: string | undefined,
  options: CommonOptions,
): Promise<void> {
  requireRoot(context, "cancelling");
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const record = await findUnfinished(store, wanted);
  const { id, state, target } = record;
  if (hasBegunToAct(state)) {
    throw new Refusal(
      `${id} has begun to act (it is ${state}), so it cannot be cancelled any more`,
    );
  }
  store.request(id, "cancel", askedBy(context));
  await stopTimers(host, [`${unitName(id)}.timer`]);
  // A process that waits at the gates sees the request by itself; else this one writes the end.
  const lock = await tryLock(host, store.lockPath(id));
  await lock?.release();
  if (lock !== null) {
    await finalize(host, store, await configOf(record, config), id, context.stopSignal());
  }
  const done = lock === null ? "asked its unit to cancel" : "cancelled";
  print(context, `deploy-finalize: ${done} ${id}; the boot default is still ${target}`);
}

/** Confirms a finalization that waits for it. */
export async function confirm(
  context: Context,
  wanted: string | undefined,
  options: CommonOptions,
): Promise<void> {
  requireRoot(context, "confirming");
  const config = await loadConfig(options);
  const store = new RecordStore(config.stateDir);
  const { id, confirmBy, state } = await findUnfinished(store, wanted);
  if (confirmBy === null || state !== "verifying") {
    throw new Refusal(`${id} does not wait for a confirmation: it is ${state}`);
  }
  store.request(id, "confirm", askedBy(context));
  print(context, `deploy-finalize: confirmed ${id}`);
}

async function findUnfinished(
  store: RecordStore,
  wanted: string | undefined,
): Promise<FinalizationRecord> {
  const record = await findRecord(store, wanted);
  if (!isTerminal(record.state)) return record;
  throw new Refusal(`${record.id} has ended already: it is ${record.state}`);
}

function askedBy(context: Context): string {
  const { user, sshClient } = requesterOf(context);
  return [user ?? "somebody", ...(sshClient === null ? [] : [`from ${sshClient}`])].join(" ");
}
