import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { noticeOf } from "../core/notice.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf } from "../core/refusal.ts";
import { readBootId } from "./facts.ts";
import type { Host } from "./host.ts";
import type { RecordStore } from "./store.ts";

/**
 * Writes the notice for logins, or takes it away, as the state of the newest finalization
 * asks for. In /run, as the state folder is private; so `resume` writes it again after a
 * boot. A notice that cannot be written harms nothing.
 */
export function updateNotice(host: Host, store: RecordStore, record: FinalizationRecord): void {
  const path = host.paths.notice;
  try {
    if (store.newest() !== record.id) return;
    const text = noticeOf(record, readBootId(host.paths));
    if (text === null) rmSync(path, { force: true });
    else writeForAll(path, text);
  } catch (error) {
    host.say(`cannot change the notice for logins: ${messageOf(error)}`);
  }
}

/** After a boot: /run is empty. */
export async function restoreNotice(host: Host, store: RecordStore): Promise<void> {
  const id = store.newest();
  if (id === null) return;
  const read = await store.read(id);
  if (read.kind === "record") updateNotice(host, store, read.record);
}

/** Readable for everybody, whatever the umask of this process. */
function writeForAll(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  chmodSync(dirname(path), 0o755);
  writeFileSync(`${path}.tmp`, text);
  chmodSync(`${path}.tmp`, 0o644);
  renameSync(`${path}.tmp`, path);
}
