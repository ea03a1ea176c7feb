import type { Host } from "../host/process/host.ts";
import { type Lock, tryLock, waitForLock } from "../host/process/lock.ts";
import { isAnotherActing } from "./others-acting.ts";
import { pause, unlessEnded } from "../host/process/time.ts";
import type { RecordStore } from "./store.ts";

/** The pauses between looks at another finalization without a process: the first one, and the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

/**
 * The turn: the right to act. One finalization of a host has it at a time, from the last look at the
 * gates to its end. The lock alone is released when a process dies, so a finalization that wants to
 * begin also checks that no other one is acting.
 */
export class Turn {
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #id: string;
  readonly #stop: AbortSignal;
  readonly #lost = new AbortController();
  #lock: Lock | null = null;

  /** @param id the finalization that acts or is changed */
  constructor(host: Host, store: RecordStore, id: string, stop: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.#id = id;
    this.#stop = stop;
  }

  /** Aborted with the reason if its lock is lost: another finalization may have the turn then. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isMine(): boolean {
    return this.#lock !== null;
  }

  /** Waits to continue an act; false if this process is stopped before. */
  async wait(): Promise<boolean> {
    return await this.#lockUntil(this.#stop);
  }

  /** Waits to begin; false if this process is stopped before. */
  async waitToBegin(): Promise<boolean> {
    return await this.#waitToBegin(this.#stop);
  }

  /** Waits to begin; false also if the other wait ends first, because another act may take long. */
  async waitUnless(other: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    return await unlessEnded(this.#stop, async (signal) => await this.#waitToBegin(signal), other);
  }

  /** Takes the turn, to begin, if no other finalization acts. */
  async try(): Promise<boolean> {
    if (this.isMine()) return true;
    this.#hold(await tryLock(this.#host, this.#store.lockPath("turn")));
    return this.isMine() && (await this.#mayBegin());
  }

  async #waitToBegin(signal: AbortSignal): Promise<boolean> {
    if (this.isMine()) return true;
    for (let ms = FIRST_PAUSE_MS; await this.#lockUntil(signal); ms *= 2) {
      if (await this.#mayBegin()) return true;
      await pause(Math.min(ms, LONGEST_PAUSE_MS), signal);
    }
    return false;
  }

  /** With the lock held: its holder always records that it acts before it acts. */
  async #mayBegin(): Promise<boolean> {
    let mayBegin = false;
    try {
      mayBegin = !(await isAnotherActing(this.#host, this.#store, this.#id));
    } finally {
      // Also after an error: a lock that is still held would keep this process alive.
      if (!mayBegin) await this.release();
    }
    return mayBegin;
  }

  async #lockUntil(signal: AbortSignal): Promise<boolean> {
    if (this.isMine()) return true;
    this.#hold(await waitForLock(this.#host, this.#store.lockPath("turn"), signal));
    return this.isMine();
  }

  #hold(lock: Lock | null): void {
    this.#lock = lock;
    if (lock === null) return;
    const lose = (): void => {
      this.#lost.abort(lock.lost.reason);
    };
    if (lock.lost.aborted) lose();
    else lock.lost.addEventListener("abort", lose);
  }

  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }
}
