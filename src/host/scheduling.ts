import { type Config, effectiveDelay, jobEndOf } from "../core/config.ts";
import { type Decision, decide, type Plan, type Systems, underPolicy } from "../core/decision.ts";
import { newId } from "../core/id.ts";
import { policyOf } from "../core/policy.ts";
import { stateEntry } from "../core/journal-entry.ts";
import { type FinalizationRecord, newRecord } from "../core/record.ts";
import { wantsReports } from "../core/report-defaults.ts";
import { Refusal } from "../core/refusal.ts";
import { readBootId, viewSystems } from "./facts.ts";
import type { Host } from "./host.ts";
import { updateNotice } from "./notice.ts";
import type { OwnCommand } from "./own-command.ts";
import { pin } from "./pins.ts";
import { currentGeneration, generationOf } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import * as systemd from "./systemd.ts";
import type { Arming } from "./systemd-commands.ts";
import { findToplevel, toplevelAt } from "./toplevel.ts";
import { UndoList } from "./undo.ts";

/** The decision at scheduling, with what it was made from. */
export interface Proposal {
  readonly target: string;
  readonly systems: Systems;
  readonly plan: Plan;
}

/** A decision of any kind, with what it was made from. */
export interface Weighed {
  readonly target: string;
  readonly systems: Systems;
  readonly decision: Decision;
}

/**
 * Looks at the profile and decides, also to refuse.
 *
 * @throws Refusal where there is no NixOS system
 */
export async function weigh(host: Host, config: Config): Promise<Weighed> {
  const { profile, rebootWhenChanged } = config;
  const target = requireToplevel(profile);
  const systems = await viewSystems(host.paths, target, rebootWhenChanged);
  const decision = decide(rebootWhenChanged, systems);
  return { target, systems, decision: underPolicy(decision, policyOf(config).reboot) };
}

/**
 * Looks at the profile and decides.
 *
 * @throws Refusal where the profile is no NixOS system that could be brought live
 */
export async function propose(host: Host, config: Config): Promise<Proposal> {
  const { target, systems, decision: plan } = await weigh(host, config);
  const { profile } = config;
  if (plan.action === "refuse") {
    const details = plan.missing.map((name) => describeAbsence(systems, name));
    throw new Refusal(
      `refusing to schedule: ${profile} is missing kernel, initrd, or kernel-modules\n` +
        `${details.join("\n")}\n` +
        `A container has none: set rebootWhenChanged to [] there.`,
    );
  }
  return { target, systems, plan };
}

function describeAbsence({ target }: Systems, name: string): string {
  const component = target.components[name];
  const link =
    component?.kind === "dangling" ? ` -> ${component.link} leads nowhere` : " is absent";
  return `${target.toplevel}/${name}${link}`;
}

function requireToplevel(profile: string): string {
  const found = findToplevel(profile);
  switch (found.kind) {
    case "toplevel":
      return found.toplevel;
    case "absent":
      throw new Refusal(
        `the profile ${profile} does not exist. Deploy a system to it first, or name another one with --profile.`,
      );
    case "dangling":
      throw new Refusal(
        `the profile ${profile} is a dangling link to ${found.link}. Set it to a system that is in the store.`,
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
  /** Whether anybody is to be told; without, nothing is loaded for it. */
  readonly reports: "wanted" | "none";
}

export interface DraftInput {
  readonly config: Config;
  /** The absolute path of the file that the configuration comes from. */
  readonly configFile: string | null;
  readonly delayFlag: number | null;
  readonly proposal: Proposal;
  readonly random: () => number;
  readonly hostName: string;
  readonly requester: FinalizationRecord["requester"];
  /** The commit that the target was made from. */
  readonly revision?: string | null;
  /** The CI run that schedules. */
  readonly forgeRun?: FinalizationRecord["forgeRun"];
  /** The finalization that it takes back. */
  readonly rollbackOf?: string;
  /** Runs a finalization; without its id. */
  readonly run: OwnCommand;
}

/** A timer that elapses before systemd has loaded it never fires, so none is set to less than this. */
const LEAST_LEAD_MS = 500;

/** The finalization as it would be scheduled now. Changes nothing. */
export function draft(host: Host, input: DraftInput): Draft {
  const { config, proposal } = input;
  const now = host.now();
  const delay = effectiveDelay(
    input.delayFlag,
    config,
    jobEndOf(config, input.requester.sessionId, input.forgeRun),
  );
  const fireAt = new Date(now.getTime() + Math.max(delay.seconds * 1000, LEAST_LEAD_MS));
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
    plan: { ...proposal.plan, changed: [...proposal.plan.changed] },
    delay,
    scheduledAt: now.toISOString(),
    fireAt: fireAt.toISOString(),
    requester: input.requester,
    revision: input.revision ?? null,
    forgeRun: input.forgeRun ?? null,
    rollbackOf: input.rollbackOf ?? null,
    bootId: readBootId(host.paths),
  });
  const command = [...input.run.command, id];
  const { action } = proposal.plan;
  const replaces = systemd.pendingTimers(host.paths);
  const arming = { id, fireAt, action, command, path: input.run.path, replaces };
  return { record, arming, reports: wantsReports(config.report) ? "wanted" : "none" };
}

/**
 * The way back: what runs. Where that is the target already, and only a reboot is missing, it is
 * what was booted.
 */
function previousOf({ target, plan, systems: { booted, current } }: Proposal): string | null {
  const isLive = plan.action === "reboot" && current.toplevel === target;
  return isLive ? (booted.toplevel ?? target) : current.toplevel;
}

/**
 * Schedules a draft: pins, records, and arms, which stops older timers. A failure
 * leaves the host as it was; after the arming nothing fails any more, because a
 * deployer would undo a deploy whose timer is set.
 */
export async function commit(host: Host, store: RecordStore, drafted: Draft): Promise<void> {
  const { record, arming, reports } = drafted;
  requireUnmoved(record);
  const undo = new UndoList();
  try {
    undo.add(pin(host.paths, record));
    undo.add(store.saveNewest(record));
    await arm(host, arming);
  } catch (error) {
    undo.run();
    throw error;
  }
  await host.journal.leave(stateEntry(record));
  updateNotice(host, store, record);
  if (reports === "wanted") await host.report?.changed(record);
}

/** A newer deploy may have come while this one was looked at; the newest record must be that one's. */
function requireUnmoved({ profile, target }: FinalizationRecord): void {
  const now = toplevelAt(profile);
  if (now === target) return;
  throw new Refusal(
    `${profile} was set to ${now ?? "something else"} meanwhile: that deploy counts, and this one is not scheduled`,
  );
}

/** Arms, and makes sure that the moment had not passed before systemd knew of it. */
async function arm(host: Host, arming: Arming): Promise<void> {
  await systemd.armTimer(host, arming);
  if (host.now() < arming.fireAt || (await systemd.isArmed(host, arming.id))) return;
  await arm(host, { ...arming, fireAt: new Date(host.now().getTime() + 2 * LEAST_LEAD_MS) });
}
