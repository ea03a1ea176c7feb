import { randomUUID } from "node:crypto";
import { constants, lstatSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listFolder, replaceBy } from "../host/durable.ts";

const MODES = { private: 0o600, "readable-by-all": 0o644 } as const;

/** Only a file that is new: no link of somebody else is followed, no pipe waited for. */
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ABANDONED_MS = 3_600_000;

/**
 * Replaces a file that several processes may write at once, in one piece: who reads it never
 * sees half of one. Its folder may be another user's, who must not guess the temporary name.
 *
 * @throws Error where the folder cannot be written
 */
export function replaceSharedFile(path: string, text: string, who: keyof typeof MODES): void {
  const temporary = { path: `${path}.${randomUUID()}`, flags: NEW_FILE, mode: MODES[who] };
  replaceBy(temporary, path, text);
  removeAbandoned(path);
}

/** What a crash left behind: younger ones may still be written by another process. */
function removeAbandoned(path: string): void {
  const start = `${basename(path)}.`;
  const written = lstatSync(path, { throwIfNoEntry: false });
  const limit = (written?.mtimeMs ?? 0) - ABANDONED_MS;
  for (const name of listFolder(dirname(path))) {
    const file = join(dirname(path), name);
    if (!name.startsWith(start) || !UUID.test(name.slice(start.length))) continue;
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found?.isFile() === true && found.mtimeMs < limit) rmSync(file, { force: true });
  }
}
