import { type DefaultToSet, makeBootDefault, SWITCH_LOCK_TAKEN } from "../../boot/boot-default.ts";
import { findLoader, type Installed } from "../../boot/detect.ts";
import { EXIT } from "../../core/outcome.ts";
import { isUnfinished } from "../../core/record/record.ts";
import { Refusal } from "../../core/refusal.ts";
import { isCancellable } from "../../core/states.ts";
import { whoHoldsSwitchLock } from "../../gates/host/switch-lock.ts";
import {
  currentGeneration,
  profileBehind,
  restoreProfile,
  specialisationName,
} from "../../host/nixos/profile.ts";
import { findToplevel, toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import { pause } from "../../host/process/time.ts";
import { isBeingScheduled } from "../../state-dir/owner.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { NO_FINALIZATION, type RequireTurn, withTurn } from "../undo-deploy.ts";

/** What an undo has changed. */
export interface Undone {
  readonly profile: string;
  /** The toplevel of the profile before. */
  readonly from: string | null;
  /** The running system, or the generation of its specialisation. */
  readonly to: string;
  /** The generation of the profile now. */
  readonly generation: number | null;
}

/**
 * Sets profile and boot default to the running system, whichever generation that is: a deploy that
 * was not scheduled leaves them at its own. While no finalization acts and nothing activates.
 *
 * @throws Refusal if the profile is that of a finalization that waits, or if a step fails
 */
export async function undoToRunning(
  host: Host,
  store: RecordStore,
  profile: string,
  stop: AbortSignal,
): Promise<Undone> {
  // Also before the wait for the turn, which an act may hold for long.
  await requireNoneWaits(store, profile);
  store.create();
  return await withTurn({ host, store }, NO_FINALIZATION, stop, async (requireTurn) => {
    await requireNoneWaits(store, profile);
    return await setToRunning(host, profile, stop, requireTurn);
  });
}

/** What the profile of a deploy that was not scheduled is to an undo. */
export type UndoOfRefused =
  /** The system that runs, or that of a finalization that goes on. */
  | "unneeded"
  | "possible"
  /** Another deploy waits, which goes on only if the profile is its own again. */
  | "too-much";

/** Never rejects. */
export async function undoOfRefused(
  host: Host,
  store: RecordStore,
  profile: string,
): Promise<UndoOfRefused> {
  try {
    const at = toplevelAt(profile);
    const to = systemToBoot(host, profile);
    // Else the profile may be that of the other call.
    if (at === null || at === to || isBeingScheduled(host, store)) return "unneeded";
    const newest = await store.readNewest();
    if (newest === null || newest.profile !== profile || !isUnfinished(newest)) return "possible";
    if (newest.target === at) return "unneeded";
    return isCancellable(newest.state) && newest.target !== to ? "too-much" : "possible";
  } catch {
    return "unneeded";
  }
}

/** The deploy of a finalization that waits owns the profile and the boot default. */
async function requireNoneWaits(store: RecordStore, profile: string): Promise<void> {
  const newest = await store.readNewest();
  if (newest === null || !isCancellable(newest.state)) return;
  if (newest.profile !== profile || toplevelAt(profile) !== newest.target) return;
  const { id, state } = newest;
  throw new Refusal([
    `${id} is ${state}, so the profile and the boot default are those of its deploy. Nothing was changed.`,
    `to give up that deploy: deploy-finalize cancel ${id} --restore-boot-default`,
  ]);
}

async function setToRunning(
  host: Host,
  profile: string,
  stop: AbortSignal,
  requireTurn: RequireTurn,
): Promise<Undone> {
  const from = toplevelAt(profile);
  const to = systemToBoot(host, profile);
  if (from !== null && from !== to) {
    requireTurn();
    const problem = await restoreProfile(host, profile, from, to);
    if (problem !== null) throw new Refusal(problem);
  }
  const other = (await oneShotOf(host, { profile, toplevel: to })) ?? from ?? to;
  const problem = await setDefault(host, { profile, toplevel: to, other }, stop, requireTurn);
  if (problem !== null) {
    const set = from === to ? "" : ` The profile is ${to} now. Run this again.`;
    throw new Refusal(`${problem}.${set}`);
  }
  requireUnmoved(profile, to);
  return { profile, from, to, generation: currentGeneration(profile) };
}

/** To set the boot default takes a while, and a deploy may come meanwhile. */
function requireUnmoved(profile: string, to: string): void {
  const at = toplevelAt(profile);
  if (at === to) return;
  if (at === null) {
    throw new Refusal(`the boot default is ${to}, but the profile ${profile} does not resolve`);
  }
  throw new Refusal(
    `the boot default is ${to}, but ${profile} was set to ${at} in the meantime by another deploy.`,
    EXIT.dropped,
  );
}

/** A specialisation is never profile and boot default: its generation is. */
function systemToBoot({ paths }: Host, profile: string): string {
  const current = toplevelAt(paths.currentSystem);
  if (current === null) throw new Refusal("the running system is unknown");
  const isSpecialisation = specialisationName(profile, current) !== null;
  const to = isSpecialisation ? profileBehind(profile, current, current) : current;
  if (to === null || findToplevel(to).kind !== "toplevel") {
    throw new Refusal(`the running system ${to ?? current} is not a NixOS system in the store`);
  }
  return to;
}

async function oneShotOf(host: Host, installed: Installed): Promise<string | null> {
  const found = await findLoader(host, installed);
  return found.kind === "found" ? found.loader.oneShot : null;
}

/** Another activation may hold the switch lock for a while. */
const TRIES = 120;
const BETWEEN_TRIES_MS = 500;

async function setDefault(
  host: Host,
  wanted: DefaultToSet,
  stop: AbortSignal,
  requireTurn: RequireTurn,
): Promise<string | null> {
  for (let left = TRIES; ; left--) {
    requireTurn();
    const problem = await makeBootDefault(host, wanted);
    if (problem !== SWITCH_LOCK_TAKEN) return problem;
    if (left === 0 || stop.aborted) return whoHoldsSwitchLock(host.paths);
    await pause(BETWEEN_TRIES_MS, stop);
  }
}
