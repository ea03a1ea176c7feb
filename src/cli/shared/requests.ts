import { printableLine } from "../../core/printable.ts";
import { messageOf } from "../../core/refusal.ts";
import { resumeOne } from "../../finalize/resume.ts";
import type { Services } from "../../finalize/undo-deploy.ts";
import { runCommand } from "./own-command.ts";
import { findRecord } from "./find-record.ts";
import { type FinalizationRecord, isUnfinished } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { nextChange } from "../../host/process/watch.ts";
import { findOwnSession } from "../../host/systemd/logind/sessions.ts";
import type { CommonOptions, Context } from "../context.ts";
import { type Driver, findDriver } from "../../state-dir/owner.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/** The caller, as far as the environment says. */
export function requesterOf({ env, paths }: Context): FinalizationRecord["requester"] {
  return {
    user: nameIn(env["SUDO_USER"]) ?? nameIn(env["USER"]),
    sshClient: nameIn(env["SSH_CLIENT"]?.split(" ")[0]),
    sessionId: findOwnSession(paths),
  };
}

/** Longer than any name of a user or address; the environment is the caller's, who may put anything there. */
const MOST_IN_NAME = 100;

export function nameIn(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : printableLine(value, MOST_IN_NAME);
}

/** Far more than a process that drives a finalization needs to see a request. */
const ANSWER_MS = 10_000;

/** The caller in words, for the record. */
export function askedBy(context: Context): string {
  const { user, sshClient } = requesterOf(context);
  return [user ?? "somebody", ...(sshClient === null ? [] : [`from ${sshClient}`])].join(" ");
}

/**
 * The finalization that the user means: the named one, else the newest that fits, else the newest.
 *
 * @throws Refusal if there is none, or if it cannot be read
 */
export async function findFitting(
  store: RecordStore,
  wanted: string | undefined,
  fits: (record: FinalizationRecord) => boolean,
): Promise<FinalizationRecord> {
  if (wanted === undefined) {
    for await (const record of store.newestFirst()) if (fits(record)) return record;
  }
  return await findRecord(store, wanted);
}

export async function unfinished(store: RecordStore): Promise<FinalizationRecord[]> {
  return (await store.all()).filter(isUnfinished);
}

/**
 * Leaves a request for the process that drives a finalization. If nothing drives it, because somebody
 * has stopped its unit or killed its `schedule`, that unit is started.
 *
 * @returns what drove it before
 */
export async function leaveRequest(
  context: Context,
  { host, store, config }: Services,
  options: CommonOptions,
  {
    id,
    kind,
    who,
  }: {
    readonly id: string;
    readonly kind: "cancel" | "confirm" | "rollback";
    readonly who?: string;
  },
): Promise<Driver> {
  store.request(id, kind, who ?? askedBy(context));
  const driver = await findDriver(host, store, id);
  if (driver.kind !== "nobody") return driver;
  try {
    await resumeOne(host, store, runCommand(context, config, options), id);
  } catch (error) {
    host.say(`cannot start the unit of ${id}: ${messageOf(error)}`);
  }
  return driver;
}

/**
 * Waits until the process that drives a finalization, or is about to, has answered a request; returns
 * the record after that. Does not wait if there is none.
 */
export async function awaitAnswer(
  host: Host,
  store: RecordStore,
  id: string,
  isAnswered: (record: FinalizationRecord) => boolean,
  stop: AbortSignal,
): Promise<FinalizationRecord> {
  const over = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
  for (;;) {
    const record = await findRecord(store, id);
    if (isAnswered(record) || over.aborted) return record;
    const driver = await findDriver(host, store, id);
    if (!hasProcessSoon(driver)) return await findRecord(store, id);
    await nextChange(store.folder, () => false, over);
  }
}

/** Whether a process drives it, or its unit is about to start one. */
export function hasProcessSoon({ kind }: Driver): boolean {
  return kind === "process" || kind === "unit";
}
