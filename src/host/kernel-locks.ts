import { readFileSync, statSync } from "node:fs";
import { codeOf } from "../core/refusal.ts";

/**
 * True while some process holds a flock on the file. Looked up in proc_locks(5)
 * rather than tried: taking the lock, however shortly, makes a real switch fail.
 */
export function isLocked(kernelLocks: string, path: string): boolean {
  const inode = inodeOf(path);
  if (inode === null) return false;
  return readFileSync(kernelLocks, "utf8")
    .split("\n")
    .some((line) => isHeldOn(inode, line));
}

/** `1: FLOCK  ADVISORY  WRITE 708 00:1a:1234 0 EOF`; a waiting process has `->` after the number. */
function isHeldOn(inode: string, line: string): boolean {
  const fields = line.trim().split(/\s+/);
  return fields[1] === "FLOCK" && fields[5] === inode;
}

/** The device in hexadecimal and the inode, as the kernel writes them. */
function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    return `${hex(major)}:${hex(minor)}:${ino}`;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(2, "0");
}
