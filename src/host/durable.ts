import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  type OpenMode,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { codeOf } from "../core/refusal.ts";

/**
 * Writes a file so that after a power cut it holds either the old text or the new:
 * temporary file, fsync, rename, fsync of the folder.
 */
export function writeDurably(path: string, text: string): void {
  replaceFile(path, text);
  syncFolder(dirname(path));
}

/** All of `writeDurably` but the last step, for a caller that syncs the folder itself. */
export function replaceFile(path: string, text: string): void {
  replaceBy({ path: `${path}.tmp`, flags: "w", mode: 0o600 }, path, text);
}

/** What a text is written to before it takes the place of a file. */
export interface Temporary {
  readonly path: string;
  readonly flags: OpenMode;
  /** Whatever the umask says. */
  readonly mode: number;
}

/** Replaces a file by a synced one, in one piece; the folder is not synced. */
export function replaceBy(
  { path: temporary, flags, mode }: Temporary,
  path: string,
  text: string,
): void {
  const file = openSync(temporary, flags, mode);
  try {
    try {
      writeFileSync(file, text);
      fchmodSync(file, mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Points a link at a new place without a moment in which it is not there; syncs the folder. Another
 * process may point it at another place at the same time: the last one counts.
 */
export function linkDurably(path: string, place: string): void {
  const temporary = `${path}.${basename(place)}.tmp`;
  rmSync(temporary, { force: true });
  try {
    symlinkSync(place, temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Makes a private folder whose parent is there; true where it was not there
 * before. Not recursive: Node's recursive mkdir never ends where the kernel
 * answers ENOENT for good, as below /proc.
 */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST" && statSync(path).isDirectory()) return false;
    throw error;
  }
}

/** The text of a file; null where there is no file. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** The names in a folder; none where there is no folder. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
