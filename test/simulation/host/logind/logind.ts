import type { Disk } from "../../kernel/disk.ts";
import type { Clocks } from "../clocks.ts";

/** logind, and a program that blocks the shutdown for a while, also over a boot. */
export class Logind {
  /** When the program began to block first, by the monotonic clock. */
  blockedFromMs = 0;
  #untilMs = 0;
  readonly #clocks: Clocks;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  isBlocked(): boolean {
    return this.#clocks.monoMs < this.#untilMs;
  }

  block(ms: number): void {
    const { monoMs } = this.#clocks;
    // A rollback has one limit for all its waits.
    if (this.blockedFromMs === 0) this.blockedFromMs = monoMs;
    this.#untilMs = Math.max(this.#untilMs, monoMs + ms);
  }
}

const FOLDERS = ["/run/systemd/sessions", "/run/systemd/inhibit"];

export function makeFoldersOfLogind(disk: Disk): void {
  for (const path of FOLDERS) disk.makeFolder(path);
}

/** A newer logind applies the blocks to root too. */
export const REFUSAL = "Operation inhibited by borg";
