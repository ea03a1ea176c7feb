import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { FinalizationRecord } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import { replaceFile } from "../host/files/durable.ts";
import type { Host } from "../host/process/host.ts";
import type { RecordStore } from "./store.ts";
import { readBootId } from "../host/nixos/systems.ts";

/**
 * Writes or removes the notice for logins, according to the newest finalization. The notice is in
 * /run because the state folder is private, so `resume` writes it again after a boot. If it cannot
 * be written, the finalization continues.
 */
export function updateNotice(host: Host, store: RecordStore, record: FinalizationRecord): void {
  const path = host.paths.notice;
  try {
    if (store.newest() !== record.id) return;
    const text = noticeOf(record, readBootId(host.paths));
    if (text === null) rmSync(path, { force: true });
    else writeForAll(path, text);
  } catch (error) {
    host.say(`cannot write the notice for logins: ${messageOf(error)}`);
  }
}

/** After a boot, because /run is empty. */
export async function restoreNotice(host: Host, store: RecordStore): Promise<void> {
  const newest = await store.readNewest();
  if (newest !== null) updateNotice(host, store, newest);
}

/** Readable by every user, whatever the umask of this process. */
function writeForAll(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  chmodSync(dirname(path), 0o755);
  replaceFile(path, text, { mode: 0o644 });
}

/**
 * The notice for logins about the newest finalization; null if there is nothing to do. Every user may
 * read it, so it contains no reason and no output.
 *
 * @param bootId of the running boot
 */
export function noticeOf(record: FinalizationRecord, bootId: string): string | null {
  const condition = conditionOf(record, bootId);
  if (condition === null) return null;
  return `deploy-finalize: ${condition}\n  See: deploy-finalize status ${record.id}\n`;
}

function conditionOf(record: FinalizationRecord, bootId: string): string | null {
  const { state, plan, timeline } = record;
  const [day, time = ""] = (timeline.at(-1)?.at ?? "").split("T");
  const at = `${day} ${time.slice(0, 5)} UTC`;
  if (state === "failed") return `the last deploy FAILED to go live (${at}).`;
  if (state === "rolled-back") return `the last deploy was ROLLED BACK (${at}).`;
  if (state === "waiting" && plan.action === "reboot") {
    return `a REBOOT into the deployed system is pending (since ${at}).`;
  }
  // It switched because reboots are not allowed, and no boot since then has activated the rest.
  const isPartly = state === "live" && plan.action === "switch" && plan.changed.length > 0;
  if (isPartly && record.switchedInBoot === bootId) {
    return `the deployed system runs, but parts of it need a REBOOT (since ${at}).`;
  }
  return null;
}
