import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { Refusal } from "../core/refusal.ts";

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Whoever may write into the state folder decides what runs as root next: its records name the system
 * to activate, and the file of the configuration with its commands.
 *
 * @throws Refusal if another user owns the folder or may write into it
 */
export function requireOwnFolder(folder: string): void {
  // What else may be wrong with the folder is said where it is used.
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return;
  const isOwn = found.uid === 0 || found.uid === ownUserId();
  const isPrivate = (found.mode & WRITABLE_BY_OTHERS) === 0;
  if (isOwn && isPrivate) return;
  const why = isOwn ? "others than its owner may write into it" : `user ${found.uid} owns it`;
  throw new Refusal(
    `the state folder ${folder} cannot be trusted: ${why}. Look at what is in it, then run ` +
      `chown root:root ${folder} and chmod 700 ${folder}, or use another folder with --state-dir.`,
  );
}

/** Null if the user has no entry in the user database. */
function ownUserId(): number | null {
  try {
    return userInfo().uid;
  } catch {
    return null;
  }
}
