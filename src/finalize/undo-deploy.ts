import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../core/config/config.ts";
import { activatedOf, type FinalizationRecord, isReplacedBy } from "../core/record/record.ts";
import { profileBehind, restoreProfile, specialisationName } from "../host/nixos/profile.ts";
import { findToplevel, toplevelAt } from "../host/nixos/toplevel.ts";
import type { Host } from "../host/process/host.ts";
import { makeBootDefault } from "../boot/boot-default.ts";
import { viewBootLoader } from "../boot/detect.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { switchLock } from "../gates/host/switch-lock.ts";
import { waitForGates, type Waiting } from "../gates/wait.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { Turn } from "../state-dir/turn.ts";

export interface DeployUndo {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
}

/** @throws LockLost if another process may have the turn: called right before each change */
export type RequireTurn = () => void;

/**
 * Undoes a deploy that was not activated: sets the profile, then the boot default. If the call is
 * interrupted in between, the same call does the rest.
 *
 * @throws Refusal if the profile points to a third system or a step fails; the profile is unchanged then
 */
export async function undoDeploy(
  host: Host,
  { profile, from, to }: DeployUndo,
  requireTurn: RequireTurn,
): Promise<void> {
  requireTurn();
  const at = toplevelAt(profile);
  if (at !== from && at !== to) {
    throw new Refusal(`${profile} now points to ${at ?? "nothing"}, so it was not changed`);
  }
  const problem = await restoreProfile(host, profile, from, to);
  if (problem !== null) throw new Refusal(problem);
  requireTurn();
  const bootProblem = await makeBootDefault(host, { profile, toplevel: to, other: from });
  if (bootProblem === null) return;
  const second = at === from ? await restoreProfile(host, profile, to, from) : null;
  throw new Refusal([bootProblem, ...(second === null ? [] : [second])].join("; "));
}

/** Reverts `undoDeploy` after an error. Only reports its own errors, because the first error matters. */
export async function redoDeploy(
  host: Host,
  { profile, from, to }: DeployUndo,
  requireTurn: RequireTurn,
): Promise<void> {
  try {
    await undoDeploy(host, { profile, from: to, to: from }, requireTurn);
  } catch (error) {
    host.say(`${profile} could not be reset to ${from}: ${messageOf(error)}`);
  }
}

export interface Services {
  readonly host: Host;
  readonly store: RecordStore;
  readonly config: Config;
}

/** A shorter wait for the turn is not reported. */
const SHORT_WAIT_MS = 300;

/**
 * Does something while no finalization acts and nothing activates: takes the turn and waits for the
 * switch lock.
 *
 * @throws Refusal if it is stopped while it waits
 */
export async function whileNobodyActs<T>(
  { host, store, config }: Services,
  record: FinalizationRecord,
  stop: AbortSignal,
  act: (requireTurn: RequireTurn) => Promise<T>,
): Promise<T> {
  return await withTurn({ host, store }, record.id, stop, async (requireTurn) => {
    const waiting: Waiting = { gates: [switchLock], since: "now", stop, interrupted: () => false };
    const waited = await waitForGates({ host, record, config }, waiting);
    if (waited.kind !== "gates-opened") {
      throw new Refusal("stopped while it waited for another activation; nothing was changed");
    }
    return await act(requireTurn);
  });
}

/** Before the first finalization of a host there is no ID. */
export const NO_FINALIZATION = "";

/**
 * Does something while no finalization acts.
 *
 * @param id the finalization that is changed, or `NO_FINALIZATION`
 * @throws Refusal if it is stopped while it waits
 */
export async function withTurn<T>(
  { host, store }: Pick<Services, "host" | "store">,
  id: string,
  stop: AbortSignal,
  act: (requireTurn: RequireTurn) => Promise<T>,
): Promise<T> {
  const patience = new AbortController();
  void sleep(SHORT_WAIT_MS, undefined, { signal: patience.signal }).then(
    () => host.say("waits for another finalization, which is acting"),
    () => {},
  );
  const turn = new Turn(host, store, id, stop);
  const isMine = await turn.waitToBegin().finally(() => {
    patience.abort();
  });
  if (!isMine)
    throw new Refusal("stopped while it waited for another finalization; nothing was changed");
  try {
    return await act(() => {
      turn.lost.throwIfAborted();
    });
  } finally {
    await turn.release();
  }
}

/**
 * The system that boots after an undo: the running one, because `previous` may have been rolled back
 * since. If the target runs, it is `previous`.
 */
export function systemAfterUndo({ paths }: Host, record: FinalizationRecord): string | null {
  const { profile, target, previous, previousProfile, rebootOf } = record;
  // Only its reboot was cancelled: the deploy is live.
  if (rebootOf !== null) return target;
  const current = toplevelAt(paths.currentSystem);
  const isTarget = current === target || current === activatedOf(record);
  if (current === null || isTarget) return previousProfile ?? previous;
  // A specialisation is never profile and boot default: its generation is.
  const isSpecialisation = specialisationName(profile, current) !== null;
  return isSpecialisation ? profileBehind(profile, current, target) : current;
}

/** A system, as a finalization that was cancelled sees it. */
export type SystemOf = "target" | "previous" | "other";

/** What boots after a finalization was cancelled. */
export interface NextBoot {
  readonly system: SystemOf;
  /** What the loader boots, if that is not the system of the profile; null if it is, or is unknown. */
  readonly despiteProfile: { readonly loader: string; readonly toplevel: string } | null;
}

/** A deployer, or somebody by hand, may have set only one of profile and boot default. */
export async function nextBootOf(host: Host, record: FinalizationRecord): Promise<NextBoot> {
  const { profile, target } = record;
  const at = toplevelAt(profile);
  const loader = await viewBootLoader(host, { profile, toplevel: target });
  const toplevel = loader.once ?? loader.byDefault;
  if (loader.name === null || toplevel === null || toplevel === at) {
    return { system: systemOf(host, record, at), despiteProfile: null };
  }
  const despiteProfile = { loader: loader.name, toplevel };
  return { system: systemOf(host, record, toplevel), despiteProfile };
}

function systemOf(host: Host, record: FinalizationRecord, toplevel: string | null): SystemOf {
  if (toplevel !== null && toplevel === systemAfterUndo(host, record)) return "previous";
  return toplevel === record.target ? "target" : "other";
}

/**
 * Resets profile and boot default to the running system after a deploy was cancelled.
 *
 * @throws Refusal if there is no system to reset them to, or if they were changed since
 */
export async function restoreBootDefault(
  acting: Services,
  record: FinalizationRecord,
  stop: AbortSignal,
): Promise<void> {
  const { id, profile, target } = record;
  const { host, store } = acting;
  await whileNobodyActs(acting, record, stop, async (requireTurn) => {
    const newest = store.newest();
    if (isReplacedBy(newest, record)) {
      throw new Refusal(
        `${newest} was scheduled after ${id} and now owns the boot default. Cancel that one instead`,
      );
    }
    // Read now: the finalization that acted until now may have rolled back.
    const to = systemAfterUndo(host, record);
    if (to === null) throw new Refusal(`${id} has no previous system to boot`);
    if (findToplevel(to).kind !== "toplevel") {
      throw new Refusal(`the previous system ${to} is no longer in the store`);
    }
    await undoDeploy(host, { profile, from: target, to }, requireTurn);
  });
}
