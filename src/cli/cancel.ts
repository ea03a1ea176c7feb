import { unitName } from "../core/id.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { isCancellable, isTerminal } from "../core/states.ts";
import { AlreadyRunning, finalize } from "../host/finalize.ts";
import { withReplacement } from "../host/finalization-now.ts";
import type { Host } from "../host/host.ts";
import { tryLock } from "../host/lock.ts";
import type { Acting } from "../host/setting-back.ts";
import { RecordStore } from "../host/store.ts";
import { stopTimers } from "../host/systemd.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import type { CancelJson } from "../json/requests.ts";
import { targetName } from "../view/naming.ts";
import { answerTo } from "./ask.ts";
import { leftWith, nameWithout } from "./cancel-words.ts";
import { type Cli, newCommand, withId, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { configFor } from "./record-access.ts";
import { askedBy, awaitAnswer, findFitting } from "./requesting.ts";
import { requireRoot } from "./require-root.ts";
import { nextBootOf, restoreBootDefault } from "./restore-boot-default.ts";

interface CancelOptions extends CommonOptions {
  readonly json?: true;
  readonly yes?: true;
  readonly restoreBootDefault?: true;
}

export function addCancel(cli: Cli): void {
  withJson(withId(newCommand(cli, "cancel")))
    .description("drop a finalization that has not begun to act")
    .option("--restore-boot-default", "also set profile and boot default back")
    .option("-y, --yes", "answer its question with yes: the same")
    .action(async (id: string | undefined, options: CancelOptions) => {
      await cancel(cli.context, id, options);
    });
}

/** Drops a finalization that has not begun to act, and says what the host is left with. */
async function cancel(
  context: Context,
  wanted: string | undefined,
  options: CancelOptions,
): Promise<void> {
  requireRoot(context, "cancelling");
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const found = await findFitting(store, wanted, ({ state }) => isCancellable(state));
  const meant = wanted === undefined ? found : await withReplacement(host, store, found);
  const mayRestore = options.restoreBootDefault === true || options.yes === true;
  if (!isCancellable(meant.state) && !(mayRestore && meant.state === "cancelled")) refuse(meant);
  const acting = { host, store, config: await configFor(meant, config) };
  const record = isCancellable(meant.state) ? await drop(context, acting, meant) : meant;
  if (record.state !== "cancelled") throw tooLate(record);
  const say = sayer(context, options);
  say(`cancelled ${record.id}: the running system is untouched`);
  if (mayRestore || (await wantsRestore(context, host, record))) {
    await restoreBootDefault(acting, record, context.stopSignal());
  }
  for (const line of await leftWith(host, store, record)) say(line);
  if (options.json === true) print(context, JSON.stringify(toJson(host, record)));
}

function refuse({ id, state }: FinalizationRecord): never {
  if (state === "cancelled") {
    const hint = `deploy-finalize cancel ${id} --restore-boot-default`;
    throw new Refusal(
      `${id} has ended already: it is cancelled. To set the boot default back: ${hint}`,
    );
  }
  if (isTerminal(state)) throw new Refusal(`${id} has ended already: it is ${state}`);
  throw new Refusal(
    `${id} has begun to act (it is ${state}), so it cannot be cancelled any more. ` +
      `Once it verifies or is live: deploy-finalize rollback ${id}`,
  );
}

/** A process that waits at the gates ends it when it sees the request; else this one does. */
async function drop(
  context: Context,
  { host, store, config }: Acting,
  { id }: FinalizationRecord,
): Promise<FinalizationRecord> {
  store.request(id, "cancel", askedBy(context));
  await stopTimers(host, [`${unitName(id)}.timer`]);
  const stop = context.stopSignal();
  const lock = await tryLock(host, store.lockPath(id));
  await lock?.release();
  if (lock !== null) {
    await finalize(host, store, config, id, stop).catch(unlessRunning);
  }
  return await awaitAnswer(host, store, id, (now) => !isCancellable(now.state), stop);
}

/** It may have begun to run in between: then it is that process which answers. */
function unlessRunning(error: unknown): void {
  if (!(error instanceof AlreadyRunning)) throw error;
}

function tooLate(record: FinalizationRecord): Refusal {
  if (!isCancellable(record.state)) {
    return new Refusal(`too late to cancel ${record.id}: it is ${record.state}`);
  }
  return new Refusal(
    `asked for the end of ${record.id}, but its unit has not answered yet. ` +
      `Look again: deploy-finalize status ${record.id}`,
  );
}

async function wantsRestore(
  context: Context,
  host: Host,
  record: FinalizationRecord,
): Promise<boolean> {
  if (nextBootOf(host, record) !== "target" || record.previous === null) return false;
  const question =
    `The next boot would still bring up ${targetName(record)}. ` +
    `Set profile and boot default back to ${nameWithout(host, record)}?`;
  return (await answerTo(context, question)) === "yes";
}

function sayer(context: Context, { json }: CancelOptions): (line: string) => void {
  return (line) => {
    if (json !== true) print(context, `deploy-finalize: ${line}`);
  };
}

function toJson(host: Host, record: FinalizationRecord): CancelJson {
  return {
    schemaVersion: 1,
    finalization: toFinalizationJson(record),
    nextBoot: nextBootOf(host, record),
  };
}
