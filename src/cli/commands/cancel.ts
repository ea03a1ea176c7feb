import { jsonLine } from "../../core/printable.ts";
import { unitName } from "../../core/record/id.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import { isCancellable, isTerminal } from "../../core/states.ts";
import { withReplacement } from "../../finalize/finalization-now.ts";
import { AlreadyRunning, finalize } from "../../finalize/finalize.ts";
import {
  nextBootOf,
  type NextBoot,
  restoreBootDefault,
  type Services,
  systemAfterUndo,
} from "../../finalize/undo-deploy.ts";
import { generationOf } from "../../host/nixos/profile.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import { timeLimit } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { stopTimers } from "../../host/systemd/systemd.ts";
import { findDriver } from "../../state-dir/owner.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import type { CancelJson } from "../../json/commands.ts";
import { systemName, targetName } from "../../view/headline.ts";
import { acts, type Cli, newCommand, withId, withJson } from "../command.ts";
import { leaveNobodyBehind, openServices } from "../compose.ts";
import { type CommonOptions, type Context, print, tell } from "../context.ts";
import { configFor, requireRoot } from "../shared/guards.ts";
import { waysOut } from "../shared/long-switch.ts";
import {
  awaitAnswer,
  findFitting,
  hasProcessSoon,
  leaveRequest,
  unfinished,
} from "../shared/requests.ts";
import { answerTo } from "../shared/terminal.ts";

interface CancelOptions extends CommonOptions {
  readonly yes?: true;
  readonly restoreBootDefault?: true;
}

export function addCancel(cli: Cli): void {
  withJson(withId(newCommand(cli, "cancel")))
    .description("cancel a finalization that has not started to act")
    .option("--restore-boot-default", "also set the profile and the boot default back")
    .option("-y, --yes", "do not ask: without --restore-boot-default the boot default stays")
    .action(acts(cli, cancel));
}

async function cancel(
  context: Context,
  wanted: string | undefined,
  options: CancelOptions,
): Promise<void> {
  requireRoot(context, "cancelling");
  const services = await openServices(context, options);
  const { host, store } = services;
  const found = await findFitting(store, wanted, ({ state }) => isCancellable(state));
  const meant = wanted === undefined ? found : await withReplacement(host, store, found);
  const mayRestore = options.restoreBootDefault === true;
  if (!isCancellable(meant.state) && !(mayRestore && meant.state === "cancelled"))
    refuse(store, meant);
  const own = { ...services, config: await configFor(meant, services.config) };
  const record = isCancellable(meant.state)
    ? await requestEnd(context, own, options, meant)
    : meant;
  // Its timer may have stopped the timer of the finalization that is the newest now. If this call was
  // stopped in a hook, the unit ends it.
  await leaveNobodyBehind(context, services, options);
  if (record.state !== "cancelled") throw tooLate(record);
  tell(context, options, `cancelled ${record.id}: the running system is unchanged`);
  if (mayRestore || (options.yes !== true && (await wantsRestore(context, host, record)))) {
    await restoreBootDefault(own, record, context.stopSignal());
  }
  for (const line of await linesAfter(services, record)) tell(context, options, line);
  if (options.json !== true) return;
  const finalization = toFinalizationJson(record);
  const { system: nextBoot } = await nextBootOf(host, record);
  const json: CancelJson = { schemaVersion: 1, finalization, nextBoot };
  print(context, jsonLine(json));
}

function refuse(store: RecordStore, record: FinalizationRecord): never {
  const { id, state } = record;
  if (state === "cancelled") {
    const hint = `deploy-finalize cancel ${id} --restore-boot-default`;
    throw new Refusal(`${id} is already cancelled. To set the boot default back: ${hint}`);
  }
  if (isTerminal(state)) throw new Refusal(`${id} has already ended: it is ${state}`);
  const why =
    `${id} has already started to act (${state}) and cannot be cancelled. ` +
    `If it is verifying or live, run: deploy-finalize rollback ${id}`;
  throw new Refusal([why, ...waysOut(store, record)]);
}

/** How long to wait for another process that only ends it, in seconds. */
const PATIENCE = 10;

/**
 * A process that waits at the gates sees the request and ends it, and so does its unit. This process
 * does it only if that unit is not needed because a timer starts it, or cannot be started: if this
 * call is killed, nobody else would go on.
 */
async function requestEnd(
  context: Context,
  services: Services,
  options: CommonOptions,
  record: FinalizationRecord,
): Promise<FinalizationRecord> {
  const { host, store, config } = services;
  const { id } = record;
  const stop = context.stopSignal();
  let driver = await leaveRequest(context, services, options, { id, kind: "cancel" });
  if (driver.kind === "nobody") {
    await awaitAnswer(host, store, id, isOver, stop);
    driver = await findDriver(host, store, id);
  }
  if (!hasProcessSoon(driver)) {
    await finalize(host, store, config, id, stop, timeLimit(PATIENCE)).catch((error: unknown) => {
      // Its unit started in between: that process answers.
      if (!(error instanceof AlreadyRunning)) throw error;
    });
  }
  const answered = await awaitAnswer(host, store, id, isOver, stop);
  // Last: if this call is killed before, the timer starts the process that ends it.
  if (isTerminal(answered.state)) await stopTimers(host, [`${unitName(id)}.timer`]);
  return answered;
}

function isOver({ state }: FinalizationRecord): boolean {
  return !isCancellable(state);
}

function tooLate({ id, state }: FinalizationRecord): Refusal {
  if (!isCancellable(state)) return new Refusal(`too late to cancel ${id}: it is ${state}`);
  return new Refusal(
    `sent the cancel request for ${id}, but its unit has not answered yet. ` +
      `Look again: deploy-finalize status ${id}`,
  );
}

async function wantsRestore(
  context: Context,
  host: Host,
  record: FinalizationRecord,
): Promise<boolean> {
  const { system } = await nextBootOf(host, record);
  if (system !== "target" || record.previous === null || !mayBeSetBack(host, record)) return false;
  const question =
    `The next boot still starts ${targetName(record)}. ` +
    `Set the profile and the boot default back to ${nameAfterUndo(host, record)}?`;
  return (await answerTo(context, question)) === "yes";
}

async function linesAfter(
  { host, store }: Services,
  record: FinalizationRecord,
): Promise<string[]> {
  const others = (await unfinished(store)).map(
    ({ id, state }) => `another finalization has not ended: ${id} is ${state}`,
  );
  return [...bootLines(host, record, await nextBootOf(host, record)), ...others];
}

function bootLines(host: Host, record: FinalizationRecord, next: NextBoot): string[] {
  const { profile, id } = record;
  const { system, despiteProfile } = next;
  const restore = `deploy-finalize cancel ${id} --restore-boot-default`;
  if (despiteProfile !== null) {
    const { loader, toplevel } = despiteProfile;
    return [
      `${profile} points to ${toplevelAt(profile) ?? "nothing"}, but ${loader} boots ${toplevel} next`,
      ...(mayBeSetBack(host, record) ? [`to set both back: ${restore}`] : []),
    ];
  }
  switch (system) {
    case "previous": {
      const isOld = [record.previous, record.previousProfile].includes(
        systemAfterUndo(host, record),
      );
      const which = isOld ? "the system from before the deploy" : "the running system";
      return [`the profile and the boot default are ${nameAfterUndo(host, record)}, ${which}`];
    }
    case "other": {
      const at = toplevelAt(record.profile) ?? "nothing";
      return [`${record.profile} points to ${at}, which is not the target of ${record.id}`];
    }
    case "target":
      return [
        `the boot default is still ${targetName(record)} (${record.target}), so the next boot starts it`,
        `to set it back: ${restore}`,
      ];
  }
}

/** Whether this call would set the profile back. It leaves a profile alone that somebody has set to a third system. */
function mayBeSetBack(host: Host, record: FinalizationRecord): boolean {
  return [record.target, systemAfterUndo(host, record)].includes(toplevelAt(record.profile));
}

function nameAfterUndo(host: Host, record: FinalizationRecord): string {
  const toplevel = systemAfterUndo(host, record);
  return systemName(toplevel, generationOf(record.profile, toplevel));
}
