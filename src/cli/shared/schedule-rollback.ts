import { asText } from "../commands/schedule.ts";
import { resolve } from "node:path";
import { forgeRunOf, placeOf } from "../../core/config/forge-run.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { commit } from "../../finalize/newest/commit.ts";
import { type Draft, draft, type Proposal, propose } from "../../finalize/schedule.ts";
import {
  redoDeploy,
  type Services,
  undoDeploy,
  whileNobodyActs,
} from "../../finalize/undo-deploy.ts";
import { findRollbackTarget } from "../../finalize/rollback-target.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import type { RollbackJson } from "../../json/commands.ts";
import { type CommonOptions, type Context, printResult } from "../context.ts";
import { configOf } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { requesterOf } from "./requests.ts";
import { revisionToReport } from "../compose.ts";

export interface RollbackOptions extends CommonOptions {
  readonly yes?: true;
  /** Seconds. */
  readonly delay?: number;
}

interface Scheduled {
  readonly proposal: Proposal;
  readonly drafted: Draft;
}

/**
 * Schedules the rollback of a finalization that has ended, like a deploy of the previous system:
 * sets the profile, then the boot default, then writes the new record. If the call is interrupted,
 * the running system has not changed and the same call does the rest.
 */
export async function scheduleRollback(
  context: Context,
  called: Services,
  record: FinalizationRecord,
  options: RollbackOptions,
): Promise<void> {
  const isOwn = options.config === undefined;
  const found = isOwn ? await configOf(record, called.config) : called.config;
  const config = { ...found, profile: record.profile };
  const acting = { ...called, config };
  const { proposal, drafted } = await whileNobodyActs(acting, record, context.stopSignal(), () =>
    // Checked again: the facts may have changed while it waited for its turn.
    undoAndSchedule(acting, record, (proposed) =>
      draftRollback(context, acting, record, options, proposed),
    ),
  );
  const { id } = drafted.record;
  const finalization = toFinalizationJson(drafted.record);
  printResult(
    context,
    options,
    (): RollbackJson => ({ schemaVersion: 1, of: record.id, how: "scheduled", finalization }),
    () => [
      ...asText(config, proposal, drafted),
      `deploy-finalize: rollback of ${record.id} is scheduled as ${id}`,
    ],
  );
}

async function undoAndSchedule(
  { host, store, config }: Services,
  record: FinalizationRecord,
  toDraft: (proposal: Proposal) => Promise<Draft>,
): Promise<Scheduled> {
  const target = await findRollbackTarget(host, store, record);
  await undoDeploy(host, target);
  try {
    const proposal = await propose(host, config);
    const drafted = await commit(host, store, await toDraft(proposal));
    return { proposal, drafted };
  } catch (error) {
    await redoDeploy(host, target);
    throw error;
  }
}

async function draftRollback(
  context: Context,
  { host, config }: Services,
  record: FinalizationRecord,
  options: RollbackOptions,
  proposal: Proposal,
): Promise<Draft> {
  return draft(host, {
    config,
    configFile: options.config === undefined ? record.configFile : resolve(options.config),
    // The delay is for the end of a deploying job; here there is none.
    delayFlag: options.delay ?? 0,
    proposal,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    // Not the commit of a job that calls this, and no wait for the job that deployed.
    revision: await revisionToReport(host, config, proposal.target),
    forgeRun: placeOf(record.forgeRun ?? forgeRunOf(context.env)),
    rollbackOf: record.id,
    run: runCommand(context, config, options),
  });
}
