import { join, resolve } from "node:path";
import type { Config } from "../core/config.ts";
import { forgeRunOf, tidyRevision } from "../core/forge-run.ts";
import { commitOfRun } from "../core/own-forge.ts";
import { unitName } from "../core/id.ts";
import { componentPath } from "../core/toplevel.ts";
import {
  commit,
  type Draft,
  draft,
  type DraftInput,
  propose,
  type Proposal,
} from "../host/scheduling.ts";
import type { Host } from "../host/host.ts";
import { RecordStore } from "../host/store.ts";
import { requireSystemd } from "../host/systemd.ts";
import * as commands from "../host/systemd-commands.ts";
import type { ScheduleJson } from "../json/schedule.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { quoteArgv } from "./quote.ts";
import { revisionToReport } from "./reported-revision.ts";
import { requesterOf } from "./requester.ts";
import { requireRoot } from "./require-root.ts";
import { requireWindow } from "./require-window.ts";

export interface ScheduleOptions extends CommonOptions {
  readonly dryRun?: true;
  readonly json?: true;
  /** Seconds. */
  readonly delay?: number;
  readonly profile?: string;
  /** The commit that the target was made from. */
  readonly revision?: string;
}

/** Decides, records, arms the timer, and returns. */
export async function schedule(context: Context, options: ScheduleOptions): Promise<void> {
  const loaded = await loadConfig(options);
  const profile = options.profile === undefined ? loaded.profile : resolve(options.profile);
  const config = { ...loaded, profile };
  const host = hostOf(context, options);
  if (options.dryRun !== true) {
    requireRoot(context, "scheduling", "see what would happen with --dry-run");
  }
  requireSystemd(host);
  const proposal = await propose(host, config);
  await requireWindow(host, config, proposal.plan);
  const drafted = draft(host, {
    config,
    proposal,
    configFile: options.config === undefined ? null : resolve(options.config),
    delayFlag: options.delay ?? null,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    ...(await originOf(context, host, config, options, proposal)),
    run: runCommand(context, config, options),
  });
  if (options.dryRun !== true) {
    // From here on it is finished: whoever is told that it failed would undo a deploy that is armed.
    context.outlastSignals();
    await commit(host, new RecordStore(config.stateDir), drafted);
  }
  const lines = options.json === true ? [asJson(drafted)] : asText(config, proposal, drafted);
  print(context, lines.join("\n"));
  if (options.dryRun === true && options.json !== true) printDryRun(context, drafted);
}

/**
 * The CI run and the commit that the deploy comes from: what the caller says, else the run's
 * environment, else the target. That costs a process, so only where it is to be reported.
 */
async function originOf(
  { env }: Context,
  host: Host,
  config: Config,
  { revision, dryRun }: ScheduleOptions,
  { target }: Proposal,
): Promise<Pick<DraftInput, "revision" | "forgeRun">> {
  const forgeRun = forgeRunOf(env);
  const told = tidyRevision(revision) ?? commitOfRun(config.report, forgeRun);
  if (told !== null || dryRun === true) return { revision: told, forgeRun };
  return { revision: await revisionToReport(host, config, target), forgeRun };
}

/** What scripts read: names and order stay as they are. */
export function asText(config: Config, { systems }: Proposal, { record }: Draft): string[] {
  const compared = config.rebootWhenChanged.flatMap((name) => [
    `booted_${name}=${componentPath(systems.booted.components[name]) ?? "(missing)"}`,
    `new_${name}=${componentPath(systems.target.components[name]) ?? "(missing)"}`,
  ]);
  const { plan, delay, id } = record;
  const summary = `action=${plan.action} reason=${plan.reason} delay=${delay.seconds}s unit=${unitName(id)}`;
  return [...compared, summary].map((line) => `deploy-finalize: ${line}`);
}

function asJson({ record, arming }: Draft): string {
  const { id, plan, delay, fireAt, target, previous } = record;
  const argv = commands.armTimer(arming);
  const unit = unitName(id);
  const json: ScheduleJson = {
    schemaVersion: 1,
    id,
    unit,
    plan,
    delay,
    fireAt,
    target,
    previous,
    argv: [...argv],
  };
  return JSON.stringify(json);
}

function printDryRun(context: Context, { record, arming }: Draft): void {
  const act =
    record.plan.action === "reboot"
      ? commands.reboot()
      : [join(record.target, "bin/switch-to-configuration"), "switch"];
  print(context, "deploy-finalize: dry-run: not scheduling");
  print(context, `deploy-finalize: would run: ${quoteArgv(act)}`);
  print(context, `deploy-finalize: would schedule: ${quoteArgv(commands.armTimer(arming))}`);
}
