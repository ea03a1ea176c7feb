import * as commands from "../../host/systemd/commands.ts";
import { join, resolve } from "node:path";
import type { Config } from "../../core/config/config.ts";
import { tidyRevision } from "../../core/config/forge-run.ts";
import { commitOfRun } from "../../core/config/receivers.ts";
import { unitName } from "../../core/record/id.ts";
import { activatedOf } from "../../core/record/record.ts";
import { componentPath } from "../../core/decision/toplevel.ts";
import { commit } from "../../finalize/newest/commit.ts";
import { untilJobIsSeen } from "../../finalize/newest/job-seen.ts";
import {
  type Draft,
  draft,
  type DraftInput,
  type Proposal,
  propose,
} from "../../finalize/schedule.ts";
import { requireDeployed, runningTarget } from "../../finalize/by-hand/never-anew.ts";
import { isRefused, olderRun, olderRunInWords } from "../../core/record/older-run.ts";
import { requireRolloutFlag, rolloutOf } from "../../core/config/fleet/rollout-name.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import { findToplevel } from "../../host/nixos/toplevel.ts";
import { warnOfBoot } from "../../explain/after-boot.ts";
import type { Host } from "../../host/process/host.ts";
import { RecordStore } from "../../state-dir/store.ts";
import { requireSystemd } from "../../host/systemd/systemd.ts";
import type { ScheduleJson } from "../../json/commands.ts";
import { type CommonOptions, type Context, printOutcome, printResult } from "../context.ts";
import { ciRunOf } from "../shared/ci-run.ts";
import { loadConfigToSchedule } from "../shared/load-config.ts";
import { quoteArgv, runCommand } from "../shared/own-command.ts";
import { hostOf, revisionNamedBy } from "../compose.ts";
import { requesterOf } from "../shared/requests.ts";
import { accessTo, requireRoot, requireWindows } from "../shared/guards.ts";

export interface ScheduleOptions extends CommonOptions {
  readonly dryRun?: true;
  /** Seconds. */
  readonly delay?: number;
  readonly profile?: string;
  readonly revision?: string;
  readonly rollout?: string;
}

export async function schedule(context: Context, options: ScheduleOptions): Promise<void> {
  const loaded = await loadConfigToSchedule(options);
  const profile = options.profile === undefined ? loaded.profile : resolve(options.profile);
  const config = { ...loaded, profile };
  const host = hostOf(context, options);
  requireRolloutFlag(config, options.rollout);
  if (options.dryRun !== true) {
    requireRoot(context, "scheduling", "use --dry-run to see what would happen");
  }
  requireSystemd(host);
  try {
    await scheduleNow(context, options, host, config);
  } catch (error) {
    if (options.dryRun === true || !(error instanceof Refusal)) throw error;
    throw await withWayOut(error, host, config, loaded.profile);
  }
}

/** A deploy that was not scheduled stays profile and boot default until somebody sets them back. */
async function withWayOut(
  refusal: Refusal,
  host: Host,
  { profile, stateDir }: Config,
  usual: string,
): Promise<Refusal> {
  const { lines, exitCode } = refusal;
  // Another deploy owns the profile then.
  if (exitCode === EXIT.dropped) return refusal;
  // Loaded only here, to keep scheduling quick.
  const { undoOfRefused } = await import("../../finalize/by-hand/undo.ts");
  const undo = await undoOfRefused(host, new RecordStore(stateDir), profile);
  if (undo === "unneeded" || findToplevel(profile).kind !== "toplevel") return refusal;
  const how = ["deploy-finalize", "undo", ...(profile === usual ? [] : ["--profile", profile])];
  const toDoThat = undo === "possible" ? `. To do that: ${quoteArgv(how)}` : "";
  const words = `the next boot may start this deploy, unless its deployer sets the profile back${toDoThat}`;
  return new Refusal([...lines, words], exitCode);
}

async function scheduleNow(
  context: Context,
  options: ScheduleOptions,
  host: Host,
  config: Config,
): Promise<void> {
  const { profile } = config;
  const proposal = await propose(host, config);
  const store = new RecordStore(config.stateDir);
  const running = runningTarget(proposal);
  if (running !== null && accessTo(store).kind === "granted") {
    await requireDeployed(store, profile, running);
  }
  await requireWindows(host, config, proposal.plan);
  const origin = await originOf(context, host, config, options, proposal);
  await guardOlderRun(host, store, config, origin.forgeRun ?? null);
  warn(host, config, proposal);
  let drafted = draft(host, {
    config,
    proposal,
    configFile: options.config === undefined ? null : resolve(options.config),
    delayFlag: options.delay ?? null,
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    ...origin,
    run: runCommand(context, config, options),
  });
  let stop: AbortSignal | null = null;
  if (options.dryRun !== true) {
    // No signal ends it from here on: a deployer would undo a deploy whose timer runs.
    stop = context.stopSignal();
    drafted = await commit(host, store, drafted);
  }
  const toText = (): string[] => asText(config, proposal, drafted);
  const toJson = (): ScheduleJson => asJson(drafted);
  if (stop === null) {
    printResult(context, options, toJson, () => [...toText(), ...dryRunLines(drafted)]);
    return;
  }
  printOutcome(context, options, toJson, toText);
  await untilJobIsSeen(host, store, config, drafted.record, stop);
}

function warn(host: Host, config: Config, proposal: Proposal): void {
  const { plan: decision, specialisation } = proposal;
  if (specialisation !== null && specialisation.toplevel === null) {
    host.say(`warning: the target has no specialisation ${specialisation.name}: none is activated`);
  }
  for (const { text } of warnOfBoot(host, config, { ...proposal, decision })) {
    host.say(`warning: ${text}`);
  }
}

/**
 * A run that waited for its runner may come after a newer one: it would replace the newer state
 * without anybody noticing. A deploy that comes between this look and `commit` has set the profile.
 *
 * @throws Refusal if `guard.olderRun` says so, unless somebody has started the run again
 */
async function guardOlderRun(
  host: Host,
  store: RecordStore,
  { guard, profile }: Config,
  run: DraftInput["forgeRun"],
): Promise<void> {
  if (run === null || run === undefined || guard.olderRun === "off") return;
  if (accessTo(store).kind === "denied") return;
  const older = olderRun(run, profile, await store.all());
  if (older === null) return;
  const words = olderRunInWords(older);
  if (!isRefused(older, guard.olderRun)) {
    host.say(`warning: ${words}`);
    return;
  }
  throw new Refusal([
    `${words}. Nothing was scheduled.`,
    ...(older.newer.state === "live"
      ? []
      : [`to deploy the newer state: start run ${older.newer.number} again`]),
    `to deploy the older state on purpose: start this run again, or set guard.olderRun`,
  ]);
}

/**
 * The CI run, the commit and the rollout of the deploy. The commit is --revision, else that of the run, else
 * that of the target, which starts a process and is only looked up for reports, or to name the rollout.
 *
 * @throws Refusal if the rollout has no name
 */
async function originOf(
  context: Context,
  host: Host,
  config: Config,
  { revision: flag, rollout, dryRun }: ScheduleOptions,
  { target }: Proposal,
): Promise<Pick<DraftInput, "revision" | "rollout" | "forgeRun">> {
  const forgeRun = await ciRunOf(context);
  const known = tidyRevision(flag) ?? commitOfRun(config.report, forgeRun);
  const namesRollout = config.fleet !== null && rollout === undefined;
  const isReported = dryRun !== true && config.report.receivers.length > 0;
  const isLookedUp = known === null && (namesRollout || isReported);
  const revision = isLookedUp ? await revisionNamedBy(host, target) : known;
  return { revision, rollout: rolloutOf(config, rollout ?? null, revision), forgeRun };
}

/** Scripts read these lines: names and order must not change; a missing path is empty. */
export function asText(config: Config, { systems }: Proposal, { record }: Draft): string[] {
  const compared = config.rebootWhenChanged.flatMap((name) => [
    `booted_${name}=${componentPath(systems.booted.components[name]) ?? ""}`,
    `new_${name}=${componentPath(systems.target.components[name]) ?? ""}`,
  ]);
  const { plan, delay, id } = record;
  const summary = `action=${plan.action} reason=${plan.reason} delay=${delay.seconds}s unit=${unitName(id)}`;
  return [...compared, summary].map((line) => `deploy-finalize: ${line}`);
}

function asJson({ record, arming }: Draft): ScheduleJson {
  const { id, plan, delay, fireAt, target, previous } = record;
  const argv = [...commands.armTimer(arming)];
  const when = { unit: unitName(id), plan, delay, fireAt };
  return { schemaVersion: 1, id, ...when, target, previous, argv };
}

function dryRunLines({ record, arming }: Draft): string[] {
  const act =
    record.plan.action === "reboot"
      ? commands.reboot()
      : [
          join(activatedOf(record), "bin/switch-to-configuration"),
          record.specialisation === null ? "switch" : "test",
        ];
  return [
    "deploy-finalize: dry-run: not scheduling",
    `deploy-finalize: would run: ${quoteArgv(act)}`,
    `deploy-finalize: would schedule: ${quoteArgv(commands.armTimer(arming))}`,
  ];
}
