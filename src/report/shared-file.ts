import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";

const MODES = { private: 0o600, "readable-by-all": 0o644 } as const;

/** Only a file that is new: no link of somebody else is followed, no pipe waited for. */
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;

/**
 * Replaces a file that several processes may write at once, in one piece: who reads it never
 * sees half of one. Its folder may be another user's, who must not guess the temporary name.
 *
 * @throws Error where the folder cannot be written
 */
export function replaceSharedFile(path: string, text: string, who: keyof typeof MODES): void {
  const temporary = `${path}.${randomUUID()}`;
  const file = openSync(temporary, NEW_FILE, MODES[who]);
  try {
    try {
      writeFileSync(file, text);
      // Whatever the umask says.
      fchmodSync(file, MODES[who]);
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
