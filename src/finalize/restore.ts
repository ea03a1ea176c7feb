import { makeBootDefault, releaseOutdatedHold, SWITCH_LOCK_TAKEN } from "../boot/boot-default.ts";
import type { Event } from "../core/machine/types.ts";
import { whyOvertaken } from "../core/machine/overtaken.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { whoHoldsSwitchLock } from "../gates/host/switch-lock.ts";
import { restoreProfile } from "../host/nixos/profile.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import type { Host } from "../host/process/host.ts";
import { pause } from "../host/process/time.ts";
import { type FinalizationContext, SUSPENDED, type Suspended } from "./context.ts";

/** Restores the profile, in one try: a rollback must bring the services back first. */
export async function restoreProfileOnce(
  context: FinalizationContext,
  record: FinalizationRecord,
  toplevel: string,
  awaitLock: AwaitSwitchLock,
): Promise<Event | Suspended> {
  const obstacle = await regainToActivate(context, record, awaitLock);
  if (obstacle !== null) return obstacle;
  const { profile, target } = record;
  const problem = await restoreProfile(context.host, profile, target, toplevel);
  return { kind: "profile-restored", problem };
}

/** Another process may take the switch lock first. That must not make a good target a rejected one. */
const TRIES = 20;
const BETWEEN_TRIES_MS = 500;

/** Makes a target that holds the boot default. */
export async function commitBootDefault(
  context: FinalizationContext,
  record: FinalizationRecord,
  toplevel: string,
  awaitLock: AwaitSwitchLock,
): Promise<Event | Suspended> {
  for (let left = TRIES; ; left--) {
    const obstacle = await regainToActivate(context, record, awaitLock);
    if (obstacle !== null) return obstacle;
    const { profile, previous } = record;
    const wanted = { profile, toplevel, other: previous };
    const hold = await releaseOutdatedHold(context.host, wanted);
    // A newer deploy has installed its own default.
    if (hold.kind === "released") return { kind: "boot-default-committed", problem: null };
    const problem = await makeBootDefault(context.host, wanted);
    if (problem !== SWITCH_LOCK_TAKEN || left === 0) {
      return { kind: "boot-default-committed", problem };
    }
    await pause(BETWEEN_TRIES_MS, context.stop);
  }
}

/** How long to wait before each further try, in seconds: a minute in all. */
const BACK_OFF = [1, 2, 4, 8, 15, 30];

/** Makes a toplevel profile and boot default again, in several tries: a disk may be full for a while. */
export async function restoreDefaults(
  context: FinalizationContext,
  record: FinalizationRecord,
  toplevel: string,
  awaitLock: AwaitSwitchLock,
): Promise<Event | Suspended> {
  for (const seconds of [...BACK_OFF, null]) {
    const obstacle = await regainToActivate(context, record, awaitLock);
    if (obstacle !== null) return obstacle;
    const problems = await tryToRestore(context.host, record, toplevel);
    if (problems.length === 0 || seconds === null) return { kind: "defaults-restored", problems };
    context.host.say(`${problems.join("; ")}; tries again in ${seconds} s`);
    await pause(seconds * 1000, context.stop);
    if (context.stop.aborted) return SUSPENDED;
  }
  return { kind: "defaults-restored", problems: [] };
}

async function tryToRestore(
  host: Host,
  { profile, target }: FinalizationRecord,
  toplevel: string,
): Promise<string[]> {
  const profileProblem = await restoreProfile(host, profile, target, toplevel);
  const at = toplevelAt(profile);
  // A newer deploy has both now.
  if (at !== target && at !== toplevel) return [];
  const bootProblem = await makeBootDefault(host, { profile, toplevel, other: target });
  const named = bootProblem === SWITCH_LOCK_TAKEN ? noBootDefault(host) : bootProblem;
  return [profileProblem, named].filter((problem) => problem !== null);
}

function noBootDefault({ paths }: Host): string {
  return `cannot set the boot default: ${whoHoldsSwitchLock(paths)}`;
}

/** Takes the turn again if needed; null if it may continue. Another finalization may have overtaken it. */
export async function regainTurn(
  context: FinalizationContext,
  record: FinalizationRecord,
): Promise<Event | Suspended | null> {
  const { host, store, turn } = context;
  if (turn.isMine()) return null;
  if (!(await turn.wait())) return SUSPENDED;
  const current = toplevelAt(host.paths.currentSystem);
  const why = whyOvertaken(record, { current, actedSince: await store.actedSince(record.id) });
  return why === null ? null : { kind: "overtaken" };
}

/** Waits for the switch lock as long as the act may still wait: see `HeldUp`. */
export type AwaitSwitchLock = (record: FinalizationRecord) => Promise<void>;

/** Also waits for the switch lock: a rollback must not fail because of another activation. */
export async function regainToActivate(
  context: FinalizationContext,
  record: FinalizationRecord,
  awaitLock: AwaitSwitchLock,
): Promise<Event | Suspended | null> {
  const obstacle = await regainTurn(context, record);
  if (obstacle !== null) return obstacle;
  await awaitLock(record);
  return context.stop.aborted ? SUSPENDED : null;
}
