import { type Config } from "../core/config/config.ts";
import {
  type Decision,
  decide,
  type Plan,
  type Systems,
  underPolicy,
} from "../core/decision/decision.ts";
import type { WantedSpecialisation } from "../core/machine/types.ts";
import { configForTarget } from "../host/nixos/target-config.ts";
import { findSpecialisation } from "../host/nixos/specialisation.ts";
import { newId } from "../core/record/id.ts";
import { policyOf } from "../core/machine/policy.ts";
import { type FinalizationRecord, newRecord } from "../core/record/record.ts";
import { wantsReports } from "../core/config/receivers.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host, OwnCommand } from "../host/process/host.ts";
import { currentGeneration, generationOf, profileBehind } from "../host/nixos/profile.ts";
import * as systemd from "../host/systemd/systemd.ts";
import type { Arming } from "../host/systemd/commands.ts";
import { findToplevel, toplevelAt } from "../host/nixos/toplevel.ts";
import { readClock } from "../host/process/clock.ts";
import { NO_CLOCKS } from "../core/record/clock.ts";
import { readBootId, viewSystems } from "../host/nixos/systems.ts";
import { effectiveDelay, jobEndOf } from "./delay.ts";

export interface Proposal {
  readonly target: string;
  /** The specialisation that is wanted; null for none. `systems.target` is it, if the target has it. */
  readonly specialisation: WantedSpecialisation | null;
  readonly systems: Systems;
  readonly plan: Plan;
}

export interface Weighed {
  readonly target: string;
  readonly specialisation: WantedSpecialisation | null;
  readonly systems: Systems;
  readonly decision: Decision;
}

/** @throws Refusal if the profile is not a NixOS system */
export async function weigh(host: Host, config: Config): Promise<Weighed> {
  const { profile, rebootWhenChanged } = config;
  const target = requireToplevel(profile);
  const current = toplevelAt(host.paths.currentSystem);
  const specialisation = findSpecialisation(config.specialisation, { profile, current, target });
  const activated = specialisation?.toplevel ?? target;
  const systems = await viewSystems(host.paths, activated, rebootWhenChanged);
  const decision = decide(rebootWhenChanged, systems);
  const permitted = underPolicy(decision, policyOf(configForTarget(config, target)).reboot);
  // Scheduled all the same: what it needs may be another thing when its turn comes.
  const isForbidden = permitted.action === "forbidden";
  return { target, specialisation, systems, decision: isForbidden ? permitted.plan : permitted };
}

/** @throws Refusal if the profile is not a NixOS system that can be activated */
export async function propose(host: Host, config: Config): Promise<Proposal> {
  const { decision: plan, ...weighed } = await weigh(host, config);
  const { systems } = weighed;
  const { profile } = config;
  if (plan.action === "refuse") {
    const details = plan.missing.map((name) => describeAbsence(systems, name));
    throw new Refusal([
      `refusing to schedule: ${profile} is missing kernel, initrd, or kernel-modules`,
      ...details,
      `In a container, set rebootWhenChanged to [].`,
    ]);
  }
  return { ...weighed, plan };
}

function describeAbsence({ target }: Systems, name: string): string {
  const component = target.components[name];
  const link =
    component?.kind === "dangling" ? ` -> ${component.link} does not exist` : " is absent";
  return `${target.toplevel}/${name}${link}`;
}

function requireToplevel(profile: string): string {
  const found = findToplevel(profile);
  switch (found.kind) {
    case "toplevel":
      return found.toplevel;
    case "absent":
      throw new Refusal(
        `the profile ${profile} does not exist. Deploy a system to it first, or name another with --profile.`,
      );
    case "dangling":
      throw new Refusal(
        `the profile ${profile} is a dangling link to ${found.link}. Set it to a system in the store.`,
      );
    case "not-nixos":
      throw new Refusal(
        `the profile ${profile} is not a NixOS system: ${found.path} has no bin/switch-to-configuration.`,
      );
  }
}

export interface Draft {
  readonly record: FinalizationRecord;
  readonly arming: Arming;
  /** When its delay began, in milliseconds of the host's elapsedMs. */
  readonly draftedAtMs: number;
  /** The command of its unit, without the ID. */
  readonly run: OwnCommand;
  readonly random: () => number;
  /** `none` loads no code for reports. */
  readonly reports: "wanted" | "none";
}

export interface DraftInput {
  readonly config: Config;
  readonly configFile: string | null;
  readonly delayFlag: number | null;
  readonly proposal: Proposal;
  readonly random: () => number;
  readonly hostName: string;
  readonly requester: FinalizationRecord["requester"];
  readonly revision?: string | null;
  readonly rollout?: string | null;
  /** The CI run that schedules. */
  readonly forgeRun?: FinalizationRecord["forgeRun"];
  readonly rollbackOf?: string;
  readonly retryOf?: string;
  readonly rebootOf?: string;
  /** The command of its unit, without the ID. */
  readonly run: OwnCommand;
}

/** The finalization that `commit` would schedule. Changes nothing. */
export function draft(host: Host, input: DraftInput): Draft {
  const { config, proposal } = input;
  const now = host.now();
  const delay = effectiveDelay(
    input.delayFlag,
    config,
    jobEndOf(config, input.requester.sessionId, input.forgeRun),
  );
  const clock = readClock(host);
  const fireAt = systemd.momentIn(host, delay.seconds * 1000);
  const id = newId(now, input.random);
  const previous = previousOf(proposal);
  const record = newRecord({
    id,
    host: input.hostName,
    profile: config.profile,
    configFile: input.configFile,
    target: proposal.target,
    targetGeneration: currentGeneration(config.profile),
    previous,
    previousGeneration: generationOf(config.profile, previous),
    previousProfile: profileBehind(config.profile, previous, proposal.target),
    specialisation: inRecord(proposal.specialisation),
    plan: { ...proposal.plan, changed: [...proposal.plan.changed] },
    delay,
    scheduledAt: now.toISOString(),
    fireAt: fireAt.due.toISOString(),
    clocks: { ...NO_CLOCKS, scheduled: clock },
    requester: input.requester,
    revision: input.revision ?? null,
    rollout: input.rollout ?? null,
    forgeRun: input.forgeRun ?? null,
    rollbackOf: input.rollbackOf ?? null,
    retryOf: input.retryOf ?? null,
    rebootOf: input.rebootOf ?? null,
    bootId: readBootId(host.paths),
  });
  const command = [...input.run.command, id];
  const { action } = proposal.plan;
  const replaces = systemd.pendingTimers(host.paths);
  const arming = { id, fireAt, action, command, path: input.run.path, replaces };
  const reports = wantsReports(config.report) ? "wanted" : "none";
  const draftedAtMs = host.elapsedMs();
  return { record, arming, draftedAtMs, run: input.run, random: input.random, reports };
}

function inRecord(wanted: WantedSpecialisation | null): FinalizationRecord["specialisation"] {
  const toplevel = wanted?.toplevel ?? null;
  return wanted === null || toplevel === null ? null : { name: wanted.name, toplevel };
}

/**
 * The system to roll back to: the current one. If that is already the target, which only needs a
 * reboot, it is the booted one.
 */
function previousOf({ plan, systems: { booted, current, target } }: Proposal): string | null {
  const isLive = plan.action === "reboot" && current.toplevel === target.toplevel;
  return isLive ? (booted.toplevel ?? target.toplevel) : current.toplevel;
}
