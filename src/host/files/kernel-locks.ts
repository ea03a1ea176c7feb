import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "./paths.ts";
import { codeOf } from "../../core/refusal.ts";

/**
 * True while a process holds a flock on the file. It reads proc_locks(5) and does not try the lock,
 * because taking it, even briefly, makes a real switch fail.
 */
export function isLocked(kernelLocks: string, path: string): boolean {
  const inode = inodeOf(path);
  return inode !== null && heldInodes(kernelLocks).includes(inode);
}

/** A process that holds a lock. */
export interface Holder {
  readonly processId: number;
  /** The name of its program, which it chooses itself; null if it cannot be read. */
  readonly program: string | null;
  readonly userId: number | null;
}

/**
 * Who holds a flock on the file. The kernel names the process that took the lock: it may have ended
 * and left the lock to a child. A process outside this PID namespace is not in the list, or is 0.
 */
export function holdersOf(
  { kernelLocks, processes }: Pick<Paths, "kernelLocks" | "processes">,
  path: string,
): Holder[] {
  const inode = inodeOf(path);
  const held = heldFlocks(kernelLocks).filter((lock) => lock.inode === inode && lock.processId > 0);
  return held.map(({ processId }) => {
    const folder = join(processes, String(processId));
    return { processId, program: nameOf(folder), userId: ownerOf(folder) };
  });
}

function nameOf(folder: string): string | null {
  try {
    return readFileSync(join(folder, "comm"), "utf8").trim();
  } catch {
    return null;
  }
}

function ownerOf(folder: string): number | null {
  try {
    return statSync(folder).uid;
  } catch {
    return null;
  }
}

/**
 * `isLocked` for a file on any file system, by the inode number alone, because on btrfs stat(2) and
 * the kernel's list differ in the device (notes/proc-locks.md). Only for what is shown.
 */
export function isProbablyLocked(kernelLocks: string, path: string): boolean {
  const number = numberOf(inodeOf(path));
  return number !== undefined && heldInodes(kernelLocks).map(numberOf).includes(number);
}

function heldFlocks(kernelLocks: string): HeldFlock[] {
  return parseFlocks(readFileSync(kernelLocks, "utf8"));
}

interface HeldFlock {
  readonly processId: number;
  readonly inode: string;
}

/**
 * The held flocks; the process is 0 if it is unknown. A line is
 * `1: FLOCK  ADVISORY  WRITE 708 00:1a:1234 0 EOF`; a waiting process has `->` after the number.
 */
export function parseFlocks(text: string): HeldFlock[] {
  const fields = text.split("\n").map((line) => line.trim().split(/\s+/));
  return fields.flatMap(([, kind, , , processId = "", inode = ""]) => {
    if (kind !== "FLOCK" || !/^[0-9a-f]+:[0-9a-f]+:\d+$/.test(inode)) return [];
    return [{ processId: /^\d{1,10}$/.test(processId) ? Number(processId) : 0, inode }];
  });
}

function heldInodes(kernelLocks: string): string[] {
  return heldFlocks(kernelLocks).map(({ inode }) => inode);
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
