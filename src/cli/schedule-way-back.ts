import { resolve } from "node:path";
import { forgeRunOf, placeOf } from "../core/forge-run.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { commit, type Draft, draft, propose, type Proposal } from "../host/scheduling.ts";
import { type Acting, setBack, undoSetBack, whileNobodyActs } from "../host/setting-back.ts";
import { wayBackOf } from "../host/way-back.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import type { RollbackJson } from "../json/requests.ts";
import { type CommonOptions, type Context, print } from "./context.ts";
import { configOf } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { requesterOf } from "./requester.ts";
import { revisionToReport } from "./reported-revision.ts";
import { asText } from "./schedule.ts";

export interface RollbackOptions extends CommonOptions {
  readonly json?: true;
  readonly yes?: true;
  /** Seconds. */
  readonly delay?: number;
}

interface Scheduled {
  readonly proposal: Proposal;
  readonly drafted: Draft;
}

/**
 * Schedules the way back of a finalization that has ended: as a deploy does, the profile
 * first, then the boot default, then a finalization of its own. Cut off in between,
 * nothing acts: the running system is what it was, at most the next boot brings up the
 * previous one, which is what was asked for, and the same call made again does the rest.
 */
export async function scheduleWayBack(
  context: Context,
  called: Acting,
  record: FinalizationRecord,
  options: RollbackOptions,
): Promise<void> {
  const isOwn = options.config === undefined;
  const found = isOwn ? await configOf(record, called.config) : called.config;
  const config = { ...found, profile: record.profile };
  const acting = { ...called, config };
  const { proposal, drafted } = await whileNobodyActs(acting, record, context.stopSignal(), () =>
    // What held when it was asked for may not hold any more when its turn has come.
    setBackAndSchedule(acting, record, (proposed) =>
      draftWayBack(context, acting, record, options, proposed),
    ),
  );
  const { id } = drafted.record;
  const lines = [
    ...asText(config, proposal, drafted),
    `deploy-finalize: rollback of ${record.id} is scheduled as ${id}`,
  ];
  const json: RollbackJson = {
    schemaVersion: 1,
    of: record.id,
    how: "scheduled",
    finalization: toFinalizationJson(drafted.record),
  };
  for (const line of options.json === true ? [JSON.stringify(json)] : lines) print(context, line);
}

async function setBackAndSchedule(
  { host, store, config }: Acting,
  record: FinalizationRecord,
  toDraft: (proposal: Proposal) => Promise<Draft>,
): Promise<Scheduled> {
  const way = await wayBackOf(host, store, record);
  await setBack(host, way);
  try {
    const proposal = await propose(host, config);
    const drafted = await toDraft(proposal);
    await commit(host, store, drafted);
    return { proposal, drafted };
  } catch (error) {
    await undoSetBack(host, way);
    throw error;
  }
}

async function draftWayBack(
  context: Context,
  { host, config }: Acting,
  record: FinalizationRecord,
  options: RollbackOptions,
  proposal: Proposal,
): Promise<Draft> {
  return draft(host, {
    config,
    configFile: options.config === undefined ? record.configFile : resolve(options.config),
    // The delay is a guess at the end of a deploying job: here there is none.
    delayFlag: options.delay ?? 0,
    proposal,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    // Neither is the commit of a job that calls us, nor is the job that deployed to be waited for.
    revision: await revisionToReport(host, config, proposal.target),
    forgeRun: placeOf(record.forgeRun ?? forgeRunOf(context.env)),
    rollbackOf: record.id,
    run: runCommand(context, config, options),
  });
}
