import { join, resolve } from "node:path";
import type { Config } from "../core/config.ts";
import { unitName } from "../core/id.ts";
import { componentPath } from "../core/toplevel.ts";
import { commit, type Draft, draft, propose, type Proposal } from "../host/scheduling.ts";
import { RecordStore } from "../host/store.ts";
import { requireSystemd } from "../host/systemd.ts";
import * as commands from "../host/systemd-commands.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { quoteArgv } from "./quote.ts";
import { requesterOf } from "./requester.ts";
import { requireRoot } from "./require-root.ts";
import { runCommand } from "./run-command.ts";

export interface ScheduleOptions extends CommonOptions {
  readonly dryRun?: true;
  readonly json?: true;
  /** Seconds. */
  readonly delay?: number;
  readonly profile?: string;
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
  const drafted = draft(host, {
    config,
    proposal,
    configFile: options.config === undefined ? null : resolve(options.config),
    delayFlag: options.delay ?? null,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    run: runCommand(context, options),
  });
  if (options.dryRun !== true) await commit(host, new RecordStore(config.stateDir), drafted);
  const lines = options.json === true ? [asJson(drafted)] : asText(config, proposal, drafted);
  for (const line of lines) print(context, line);
  if (options.dryRun === true && options.json !== true) printDryRun(context, drafted);
}

function asText(config: Config, { systems }: Proposal, { record }: Draft): string[] {
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
  return JSON.stringify({
    schemaVersion: 1,
    id,
    unit,
    plan,
    delay,
    fireAt,
    target,
    previous,
    argv,
  });
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
