import { unitName } from "../core/id.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import { finalize } from "../host/finalize.ts";
import { tryLock } from "../host/lock.ts";
import { RecordStore } from "../host/store.ts";
import { stopTimers } from "../host/systemd.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { configOf, loadConfig } from "./load-config.ts";
import { requesterOf } from "./requester.ts";
import { requireRoot } from "./require-root.ts";

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
  const id = wanted ?? store.newest();
  if (id === null)
    throw new Refusal(`nothing has been finalized yet: no record in ${store.folder}`);
  const read = await store.read(id);
  if (read.kind === "missing") throw new Refusal(`there is no finalization ${id}`);
  if (read.kind === "broken") throw new Refusal(`the record of ${id} cannot be read: ${read.why}`);
  if (isTerminal(read.record.state)) {
    throw new Refusal(`${id} has ended already: it is ${read.record.state}`);
  }
  return read.record;
}

function askedBy(context: Context): string {
  const { user, sshClient } = requesterOf(context);
  return [user ?? "somebody", ...(sshClient === null ? [] : [`from ${sshClient}`])].join(" ");
}
