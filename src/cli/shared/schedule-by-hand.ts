import { resolve } from "node:path";
import { forgeRunOf, placeOf } from "../../core/config/forge-run.ts";
import { rolloutOf } from "../../core/config/fleet/rollout-name.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import { commit } from "../../finalize/newest/commit.ts";
import {
  type Draft,
  draft,
  type DraftInput,
  type Proposal,
  propose,
} from "../../finalize/schedule.ts";
import {
  type DeployUndo,
  redoDeploy,
  type RequireTurn,
  type Services,
  undoDeploy,
  whileNobodyActs,
} from "../../finalize/undo-deploy.ts";
import { asText } from "../commands/schedule.ts";
import { revisionNamedBy, revisionToReport } from "../compose.ts";
import type { CommonOptions, Context } from "../context.ts";
import { configOf } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { requesterOf } from "./requests.ts";

export interface ByHandOptions extends CommonOptions {
  readonly yes?: true;
  /** Seconds. */
  readonly delay?: number;
}

/** What a person wants of a finalization that has ended. */
export interface Wanted {
  readonly of: FinalizationRecord;
  readonly origin: Pick<DraftInput, "rollbackOf" | "retryOf">;
  /** The configuration of the new finalization; null for that of this call. */
  readonly configFile: string | null;
  /** The change of the profile, from the present facts; a refusal if it is not possible. */
  readonly find: (services: Services) => Promise<DeployUndo>;
}

interface Named extends Wanted {
  readonly rollout: string | null;
}

export interface Scheduled {
  readonly config: Services["config"];
  readonly proposal: Proposal;
  readonly drafted: Draft;
}

/**
 * Schedules a system that is not the profile's, like a deploy of it: sets the profile, then the boot
 * default, then writes the new record. If the call is interrupted, the running system has not changed
 * and the same call does the rest.
 */
export async function scheduleByHand(
  context: Context,
  called: Services,
  options: ByHandOptions,
  wanted: Wanted,
): Promise<Scheduled> {
  const { of, configFile } = wanted;
  const isCalled = options.config !== undefined && configFile === options.config;
  const found = isCalled ? called.config : await configOf({ ...of, configFile }, called.config);
  const acting = { ...called, config: { ...found, profile: of.profile } };
  const rollout = await rolloutByHand(acting, wanted);
  return await whileNobodyActs(
    acting,
    of,
    context.stopSignal(),
    // Looked for again: the facts may have changed while it waited for its turn.
    async (requireTurn) =>
      await setAndSchedule(context, acting, options, { ...wanted, rollout }, requireTurn),
  );
}

/**
 * A retry belongs to the rollout of what it brings back. A rollback takes part in none: it waits for nobody.
 *
 * @throws Refusal if a retry has no name for its rollout
 */
async function rolloutByHand(
  { host, config }: Services,
  { of, origin }: Wanted,
): Promise<string | null> {
  if (config.fleet === null || origin.retryOf === undefined) return null;
  const name = of.rollout ?? of.revision;
  return rolloutOf(config, name, name ?? (await revisionNamedBy(host, of.target)));
}

async function setAndSchedule(
  context: Context,
  acting: Services,
  options: ByHandOptions,
  wanted: Named,
  requireTurn: RequireTurn,
): Promise<Scheduled> {
  const { host, store, config } = acting;
  const change = await wanted.find(acting);
  await undoDeploy(host, change, requireTurn);
  try {
    const proposal = await propose(host, config);
    requireWanted(proposal, change);
    const input = await inputOf(context, acting, options, wanted, proposal);
    const drafted = await commit(host, store, draft(host, input));
    return { config, proposal, drafted };
  } catch (error) {
    await redoDeploy(host, change, requireTurn);
    throw error;
  }
}

/**
 * The boot loader takes a while, and a deploy that comes meanwhile has a finalization of its own: as a
 * rollback it would be live without its checks.
 */
function requireWanted({ target }: Proposal, { profile, to }: DeployUndo): void {
  if (target === to) return;
  throw new Refusal(
    `${profile} was set to ${target} in the meantime by another deploy. Nothing was scheduled.`,
    EXIT.dropped,
  );
}

async function inputOf(
  context: Context,
  { host, config }: Services,
  options: ByHandOptions,
  { of, origin, configFile, rollout }: Named,
  proposal: Proposal,
): Promise<DraftInput> {
  const isSameTarget = origin.retryOf !== undefined;
  return {
    config,
    configFile: configFile === null ? null : resolve(configFile),
    // The delay is for the end of a deploying job; here there is none.
    delayFlag: options.delay ?? 0,
    proposal,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    // Not the commit of a job that calls this, and no wait for the job that deployed.
    revision:
      (isSameTarget ? of.revision : null) ??
      (await revisionToReport(host, config, proposal.target)),
    rollout,
    forgeRun: placeOf(of.forgeRun ?? forgeRunOf(context.env)),
    ...origin,
    run: runCommand(context, config, options),
  };
}

/** The lines of a deploy, for scripts, and one that says what was wanted. */
export function scheduledLines({ config, proposal, drafted }: Scheduled, what: string): string[] {
  return [...asText(config, proposal, drafted), `deploy-finalize: ${what}`];
}
