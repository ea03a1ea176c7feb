import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { Refusal } from "../core/refusal.ts";
import { switchLock } from "../gates/switch-lock.ts";
import { waitForGates } from "../gates/wait.ts";
import { setBootDefault } from "./boot-default.ts";
import type { Host } from "./host.ts";
import { restoreProfile } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import { toplevelAt } from "./toplevel.ts";
import { Turn } from "./turn.ts";

/** A profile that is to go from one toplevel to another, and the boot default with it. */
export interface SetBack {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Sets profile and boot default back. The profile first: cut off after it, the boot
 * default is still what it was, and the same call made again does the rest.
 *
 * @throws Refusal where the profile is at another system, or where it does not work: then
 * the profile is where it was
 */
export async function setBack(host: Host, { profile, from, to }: SetBack): Promise<void> {
  const at = toplevelAt(profile);
  if (at !== from && at !== to) {
    throw new Refusal(`${profile} has moved on to ${at ?? "nothing that resolves"}: left alone`);
  }
  const problem = await restoreProfile(host, profile, from, to);
  if (problem !== null) throw new Refusal(problem);
  const bootProblem = await setBootDefault(host, to);
  if (bootProblem === null) return;
  const left = at === from ? await restoreProfile(host, profile, to, from) : null;
  throw new Refusal([bootProblem, ...(left === null ? [] : [left])].join("; "));
}

/** Takes back what `setBack` did, as far as it goes: the error that led here is the one to show. */
export async function undoSetBack(host: Host, { profile, from, to }: SetBack): Promise<void> {
  try {
    await setBack(host, { profile, from: to, to: from });
  } catch (error) {
    host.say(`${profile} could not be set to ${from} again: ${String(error)}`);
  }
}

/** What a command acts with. */
export interface Acting {
  readonly host: Host;
  readonly store: RecordStore;
  readonly config: Config;
}

/** How long a wait for the turn is not worth a word. */
const AT_ONCE_MS = 300;

/**
 * Does something while nobody else acts or activates: with the turn that finalizations
 * take, and once the switch lock is free.
 *
 * @throws Refusal where it is to end before its turn has come
 */
export async function whileNobodyActs<T>(
  { host, store, config }: Acting,
  record: FinalizationRecord,
  stop: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  const patience = new AbortController();
  void sleep(AT_ONCE_MS, undefined, { signal: patience.signal }).then(
    () => host.say("waits for its turn: another finalization is acting"),
    () => {},
  );
  const turn = new Turn(host, store, record.id, stop);
  const isMine = await turn.waitToBegin().finally(() => {
    patience.abort();
  });
  if (!isMine) throw new Refusal("ended before its turn had come; nothing was changed");
  try {
    const waiting = { gates: [switchLock], since: host.now(), stop, interrupted: () => false };
    const waited = await waitForGates({ host, record, config }, waiting);
    if (waited.kind !== "opened") throw new Refusal("ended while another process was activating");
    return await act();
  } finally {
    await turn.release();
  }
}
