import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../../core/refusal.ts";

/**
 * Writes a file so that after a power cut it holds either the old text or the new text: temporary
 * file, fsync, rename, fsync of the folder.
 */
export function writeDurably(path: string, text: string): void {
  replaceFile(path, text);
  syncFolder(dirname(path));
}

export interface Replacing {
  /** Whatever the umask says; default 0600. */
  readonly mode?: number;
  /** `unsynced` for a text that means nothing after a power cut; default `synced`. */
  readonly sync?: "synced" | "unsynced";
}

/** Only a new file: this never follows a link that another user made, and never waits for a FIFO. */
const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;

/**
 * Replaces a file atomically; does not sync the folder. Several processes may replace one file at
 * once, and nobody can guess the name of the temporary file.
 */
export function replaceFile(path: string, text: string, how: Replacing = {}): void {
  const { mode = 0o600, sync = "synced" } = how;
  const temporary = `${path}.${randomUUID()}`;
  const file = openSync(temporary, NEW_FILE, mode);
  try {
    try {
      writeFileSync(file, text);
      fchmodSync(file, mode);
      if (sync === "synced") fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  removeAbandoned(path);
}

const UUID = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ABANDONED_MS = 3_600_000;

/** The path that a temporary file was to replace; null for any other file. */
export function replacedBy(temporary: string): string | null {
  return UUID.test(temporary) ? temporary.replace(UUID, "") : null;
}

/** Removes temporary files that killed processes left; a younger one may still be written. */
function removeAbandoned(path: string): void {
  const written = lstatSync(path, { throwIfNoEntry: false });
  const limit = (written?.mtimeMs ?? 0) - ABANDONED_MS;
  const names = listFolder(dirname(path)).filter((name) => replacedBy(name) === basename(path));
  for (const file of names.map((name) => join(dirname(path), name))) {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found?.isFile() === true && found.mtimeMs < limit) rmSync(file, { force: true });
  }
}

/** Creates the link that will replace another one: prepares all that could fail for want of space. */
export function prepareLink(target: string, temporary: string): void {
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
}

/** The target of a link; null if there is none, or something else in its place. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (["ENOENT", "EINVAL"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
}

/**
 * Creates a private folder in an existing parent, unless there is one. It syncs the parent: without
 * that, a power cut takes the folder with every synced file in it. A folder that is empty may be that
 * of a process that was killed before it had done so. Not recursive: Node's recursive mkdir never ends
 * if the kernel always answers ENOENT, as below /proc.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
    if (readdirSync(path).length > 0) return;
  }
  syncFolder(dirname(path));
}

/** Creates an empty private file, unless there is one. */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, NEW_FILE, 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** A path that leads to something else than a regular file. */
export class NotAFile extends Error {
  override readonly name = "NotAFile";

  constructor(path: string) {
    super(`${path} is not a regular file`);
  }
}

/**
 * The content of a regular file. Opening a FIFO would wait for its writer, and a signal would not
 * end that; a device may do anything.
 *
 * @throws NotAFile, or the error of the system call
 */
export function readBytes(path: string): Buffer {
  const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    if (!fstatSync(file).isFile()) throw new NotAFile(path);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The same as text. */
export function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

/** The text of a file; null if there is no file. */
export function readIfThere(path: string): string | null {
  try {
    return readText(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** The names in a folder; none if there is no folder. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
