import type { Config } from "../core/config/config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import { RolloutPart } from "../fleet/part/rollout-part.ts";
import type { RolloutServerFor } from "../fleet/part/terms.ts";
import { SlotKeeper } from "../fleet/slot-keeper.ts";
import { sinceBoot } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { Turn } from "../state-dir/turn.ts";
import { type TellWaiting, writeWaitingNote } from "../state-dir/waiting-note.ts";
import { decide } from "../core/decision/decision.ts";
import type { Facts } from "../core/machine/types.ts";
import { bootDefaultOf } from "../boot/fallback.ts";
import { generationOf, profileBehind } from "../host/nixos/profile.ts";
import { findSpecialisation } from "../host/nixos/specialisation.ts";
import { hasBegunToAct } from "../core/states.ts";
import { readBootId, viewSystems } from "../host/nixos/systems.ts";
import { toplevelAt, viewSystem } from "../host/nixos/toplevel.ts";

/** This process ends, and another process continues. */
export type Suspended = { readonly kind: "suspended" };
export const SUSPENDED: Suspended = { kind: "suspended" };

export interface FinalizationContext {
  readonly host: Host;
  readonly store: RecordStore;
  readonly config: Config;
  /**
   * Aborted when systemd stops this process, or when a lock is lost; an act that has started is
   * finished first.
   */
  readonly stop: AbortSignal;
  /** @throws LockLost if this process may not act or save any more: called right before it does */
  readonly requireLocks: () => void;
  readonly turn: Turn;
  readonly slots: SlotKeeper;
  readonly rollout: RolloutPart;
}

export function finalizationContext(
  finalization: Pick<FinalizationRecord, "id" | "host" | "rollout" | "targetGeneration">,
  given: Pick<FinalizationContext, "host" | "store" | "config" | "stop"> & {
    /** The lock of the finalization is lost. */
    readonly lost: AbortSignal;
    /** The rollouts of the group, instead of those in etcd. */
    readonly serverFor?: RolloutServerFor;
  },
): FinalizationContext {
  const { host, store, config, serverFor } = given;
  const { id } = finalization;
  const turn = new Turn(host, store, id, AbortSignal.any([given.stop, given.lost]));
  const lost = AbortSignal.any([given.lost, turn.lost]);
  const stop = AbortSignal.any([given.stop, lost]);
  const slots = new SlotKeeper(host, store, config, finalization, stop);
  const taking = { config, finalization, ...(serverFor !== undefined && { serverFor }) };
  const rollout = new RolloutPart(host, store, taking);
  const requireLocks = (): void => {
    lost.throwIfAborted();
  };
  return { host: actingOnly(host, lost), store, config, stop, requireLocks, turn, slots, rollout };
}

/** Programs that act are not started without the locks: an act takes several, and each may be waited for. */
function actingOnly(host: Host, lost: AbortSignal): Host {
  const spawn: Host["spawn"] = async (argv, options) => {
    if (!lost.aborted || !acts(argv)) return await host.spawn(argv, options);
    return { argv, exitCode: null, cause: messageOf(lost.reason), stdout: "", stderr: "" };
  };
  return { ...host, spawn };
}

function acts([file = "", ...words]: readonly string[]): boolean {
  if (file.endsWith("/bin/switch-to-configuration") || file === "nix-env") return true;
  return file === "systemctl" && REBOOTS.some((word) => words.includes(word));
}

const REBOOTS = ["reboot", "kexec", "reboot.target"];

/** Writes what a finalization waits for, for `status` and the metrics. */
export function tellerOf(
  { host, store }: Pick<FinalizationContext, "host" | "store">,
  record: FinalizationRecord,
): TellWaiting {
  return (note) => {
    writeWaitingNote(store, record.id, note);
    void host.report?.measured(record);
  };
}

export async function observe(
  host: Host,
  store: RecordStore,
  { rebootWhenChanged, specialisation: wanted }: Config,
  record: FinalizationRecord,
): Promise<Facts> {
  const { paths } = host;
  const { profile, target } = record;
  const running = toplevelAt(paths.currentSystem);
  // Once it acts, the record decides: a boot brings up the target without its specialisation.
  const specialisation = hasBegunToAct(record.state)
    ? record.specialisation
    : findSpecialisation(wanted, { profile, current: running, target });
  const systems = await viewSystems(paths, specialisation?.toplevel ?? target, rebootWhenChanged);
  const { previous } = record;
  const known = Object.values(systems);
  const rollback =
    previous === null
      ? null
      : { ...systems, target: await viewSystem(previous, rebootWhenChanged, known) };
  const current = systems.current.toplevel;
  const currentGeneration = generationOf(profile, current);
  const bootDefault = await bootDefaultOf(host, { profile, toplevel: target });
  return {
    bootId: readBootId(paths),
    uptime: sinceBoot(host),
    booted: systems.booted.toplevel,
    current,
    currentGeneration,
    // The look at the generations is the longest part of this, and is not done twice.
    currentProfile: currentGeneration === null ? profileBehind(profile, current, target) : null,
    profile: toplevelAt(profile),
    specialisation,
    bootDefault: bootDefault.toplevel,
    isBootDefaultHeld: bootDefault.isHeld,
    newest: store.newest(),
    actedSince: await store.actedSince(record.id),
    decision: decide(rebootWhenChanged, systems),
    rollbackDecision: rollback === null ? null : decide(rebootWhenChanged, rollback),
    requests: store.requests(record.id),
  };
}
