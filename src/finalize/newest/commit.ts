import { setTimeout as sleep } from "node:timers/promises";
import { newIdAfter } from "../../core/record/id.ts";
import { stateEntry } from "../../core/record/journal-entry.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { EXIT } from "../../core/outcome.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import { UndoList } from "../../host/files/revert.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import { waitForLock } from "../../host/process/lock.ts";
import { timeLimit } from "../../host/process/time.ts";
import type { Arming } from "../../host/systemd/commands.ts";
import * as systemd from "../../host/systemd/systemd.ts";
import { updateNotice } from "../../state-dir/notice.ts";
import { pin } from "../../state-dir/pins.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import type { Draft } from "../schedule.ts";

/** A call that hangs in its arming holds up others for at most this long, in seconds. */
const COMMIT_WITHIN = 90;

/**
 * Schedules a draft: adds pins, writes the record, starts the timer, which stops older timers, and
 * makes the record the newest one. One call at a time does this, so no call sees what another one
 * undoes. A failure changes nothing. After the start of the timer nothing fails, because a deployer
 * would undo a deploy whose timer runs.
 *
 * @returns the draft as it was scheduled
 */
export async function commit(host: Host, store: RecordStore, drafted: Draft): Promise<Draft> {
  requireUnmoved(drafted.record);
  store.create();
  const committed = await alone(host, store, async () => await commitAlone(host, store, drafted));
  const { record, reports } = committed;
  await host.journal.leave(stateEntry(record));
  // Its unit may have gone on meanwhile, and have left a notice.
  updateNotice(host, store, await asOfNow(store, record));
  if (reports === "wanted") await host.report?.changed(record);
  return committed;
}

async function asOfNow(
  store: RecordStore,
  record: FinalizationRecord,
): Promise<FinalizationRecord> {
  try {
    const read = await store.read(record.id);
    return read.kind === "record" ? read.record : record;
  } catch {
    return record;
  }
}

async function alone<T>(host: Host, store: RecordStore, act: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(host, store.lockPath("schedule"), timeLimit(COMMIT_WITHIN));
  if (lock === null) {
    throw new Refusal(
      `another call of schedule did not end within ${COMMIT_WITHIN} s. Nothing was scheduled. Try again.`,
    );
  }
  try {
    return await act();
  } finally {
    await lock.release();
  }
}

async function commitAlone(host: Host, store: RecordStore, drafted: Draft): Promise<Draft> {
  const draft = renewed(host, store, drafted);
  const { record } = draft;
  requireUnmoved(record);
  const undo = new UndoList();
  try {
    undo.add(pin(host.paths, record));
    undo.add(() => {
      store.removeNew(record.id);
    });
    store.saveNew(record);
    await arm(host, store, draft.arming);
  } catch (error) {
    if (isTakenUp(store, record)) return draft;
    const left = await undone(undo);
    await driveOlder(host, store, draft);
    if (left === null) throw error;
    throw new Refusal([
      ...(error instanceof Refusal ? error.lines : [messageOf(error)]),
      `What this call had saved could not be removed: ${left}. The next boot may carry this deploy out.`,
    ]);
  }
  publish(host, store, record);
  return draft;
}

/** How long to wait before each further try to undo, in seconds: no file may be free to sync a folder. */
const BACK_OFF = [0.2, 0.8, 2, 4];

/** Undoes what a refused call has saved, so that no power cut brings it back; null, or the problem. */
async function undone(undo: UndoList): Promise<string | null> {
  let problems = undo.run();
  for (const seconds of BACK_OFF) {
    if (problems.length === 0) return null;
    await sleep(seconds * 1000);
    problems = undo.run();
  }
  return problems.length === 0 ? null : messageOf(problems[0]).replaceAll("\n", " ");
}

/** With an ID of now: IDs sort like the turns of calls that wait for each other, whatever the clock does. */
function renewed(host: Host, store: RecordStore, drafted: Draft): Draft {
  const draft = byTheClockOfNow(host, drafted);
  const now = host.now();
  const id = newIdAfter(store.ids().at(-1) ?? null, now, draft.random);
  const fireAt = fireAtOf(host, draft);
  const record = { ...draft.record, id, fireAt: fireAt.due.toISOString() };
  const command = [...draft.run.command, id];
  // Timers that were armed while this call waited are replaced too.
  const replaces = systemd.pendingTimers(host.paths);
  return { ...draft, record, arming: { ...draft.arming, id, fireAt, command, replaces } };
}

/** More than the two clocks of a host differ by themselves while a call waits. */
const CLOCK_IS_SET_MS = 1000;

/**
 * With times of the clock that is right now, if it was set since the draft: else the delay, which is the
 * time between two moments of the record, would be longer or shorter by that.
 */
function byTheClockOfNow(host: Host, draft: Draft): Draft {
  const { record, arming, draftedAtMs } = draft;
  const { clocks, delay, scheduledAt } = record;
  const passedMs = Math.max(Math.round(host.elapsedMs() - draftedAtMs), 0);
  const at = new Date(host.now().getTime() - passedMs).toISOString();
  if (Math.abs(Date.parse(at) - Date.parse(scheduledAt)) <= CLOCK_IS_SET_MS) return draft;
  const scheduled = clocks.scheduled === null ? null : { ...clocks.scheduled, at };
  const timeline = record.timeline.map((entry) => ({ ...entry, at }));
  const fireAt = systemd.momentIn(host, delay.seconds * 1000 - passedMs);
  return {
    ...draft,
    record: { ...record, scheduledAt: at, clocks: { ...clocks, scheduled }, timeline },
    arming: { ...arming, fireAt },
  };
}

/** When the delay ends: a call may have waited for most of it. */
function fireAtOf(host: Host, { record, arming, draftedAtMs }: Draft): Arming["fireAt"] {
  const passedMs = host.elapsedMs() - draftedAtMs;
  const leftMs = Math.max(Math.round(record.delay.seconds * 1000 - passedMs), 0);
  return leftMs < systemd.LEAST_LEAD_MS ? systemd.momentIn(host, leftMs) : arming.fireAt;
}

/** Refuses if a newer deploy has changed the profile: the newest record must be its record. */
function requireUnmoved({ profile, target }: FinalizationRecord): void {
  const now = toplevelAt(profile);
  if (now === target) return;
  throw new Refusal(
    `${profile} was set to ${now ?? "another system"} in the meantime by another deploy. This deploy was not scheduled. Do not roll the profile back.`,
    EXIT.dropped,
  );
}

/** Starts the timer, again with a later time if systemd loaded it too late. */
async function arm(host: Host, store: RecordStore, arming: Arming): Promise<void> {
  await systemd.armTimer(host, arming);
  if (host.now() < arming.fireAt.at || (await systemd.isArmed(host, arming.id))) return;
  // Its unit may have ended already.
  if (isTakenUp(store, arming)) return;
  await arm(host, store, {
    ...arming,
    fireAt: systemd.momentIn(host, 0, { byCalendarMs: 2 * systemd.LEAST_LEAD_MS }),
  });
}

/** Its timer was armed in spite of the error, and its unit has made it the newest one. */
function isTakenUp(store: RecordStore, { id }: Pick<FinalizationRecord, "id">): boolean {
  try {
    return store.newest() === id;
  } catch {
    return false;
  }
}

/**
 * Makes it the newest one. Every other prepared record is of a call that was killed: it is older, and
 * must not become the newest one later. If this fails, the unit that was armed makes up for it.
 */
function publish(host: Host, store: RecordStore, { id }: FinalizationRecord): void {
  try {
    for (const other of store.prepared()) if (other !== id) store.discard(other);
    store.publish(id);
  } catch (error) {
    host.say(
      `warning: ${id} is armed, and its unit will finish its scheduling: ${messageOf(error)}`,
    );
  }
}

/** An arming that fails half-way may have stopped the timer of the finalization that is the newest now. */
async function driveOlder(host: Host, store: RecordStore, { run }: Draft): Promise<void> {
  try {
    const { driveNewest } = await import("./keep-driven.ts");
    await driveNewest(host, store, run);
  } catch (error) {
    host.say(`cannot look whether an older finalization continues: ${messageOf(error)}`);
  }
}
