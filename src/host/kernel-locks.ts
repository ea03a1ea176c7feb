import { readFileSync, statSync } from "node:fs";
import { codeOf } from "../core/refusal.ts";

/**
 * True while some process holds a flock on the file. Looked up in proc_locks(5)
 * rather than tried: taking the lock, however shortly, makes a real switch fail.
 */
export function isLocked(kernelLocks: string, path: string): boolean {
  const inode = inodeOf(path);
  return inode !== null && heldInodes(kernelLocks).includes(inode);
}

/**
 * `isLocked` for a file on any file system. By the number of the inode alone, as btrfs tells
 * another device in stat(2) than the kernel lists (notes/proc-locks.md); for what is only shown.
 */
export function isProbablyLocked(kernelLocks: string, path: string): boolean {
  const number = numberOf(inodeOf(path));
  return number !== undefined && heldInodes(kernelLocks).map(numberOf).includes(number);
}

/** `1: FLOCK  ADVISORY  WRITE 708 00:1a:1234 0 EOF`; a waiting process has `->` after the number. */
function heldInodes(kernelLocks: string): string[] {
  const lines = readFileSync(kernelLocks, "utf8").split("\n");
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.flatMap(([, kind, , , , inode]) => (kind === "FLOCK" ? [inode ?? ""] : []));
}

function numberOf(inode: string | null): string | undefined {
  return inode?.split(":").at(-1);
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
