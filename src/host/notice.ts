import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { noticeOf } from "../core/notice.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf } from "../core/refusal.ts";
import { replaceBy } from "./durable.ts";
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
  const newest = await store.readNewest();
  if (newest !== null) updateNotice(host, store, newest);
}

/** Readable for everybody, whatever the umask of this process. */
function writeForAll(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  chmodSync(dirname(path), 0o755);
  replaceBy({ path: `${path}.tmp`, flags: "w", mode: 0o644 }, path, text);
}
