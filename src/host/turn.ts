import type { Host } from "./host.ts";
import { type Lock, tryLock, waitForLock } from "./lock.ts";
import { isAnotherActing } from "./others-acting.ts";
import { pause } from "./pause.ts";
import type { RecordStore } from "./store.ts";
import { unlessEnded } from "./unless-ended.ts";

/** How often one that is to begin looks whether another one, whose process is away, has ended. */
const POLL_MS = 500;

/**
 * The turn of this process to act: one finalization of a host has it at a time, from the last look
 * to its end. The lock alone is given back when a process dies; one that begins therefore also
 * looks whether another has begun before.
 */
export class Turn {
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #id: string;
  readonly #stop: AbortSignal;
  #lock: Lock | null = null;

  /** @param id the finalization that is to act, or about which something is to be done */
  constructor(host: Host, store: RecordStore, id: string, stop: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.#id = id;
    this.#stop = stop;
  }

  isMine(): boolean {
    return this.#lock !== null;
  }

  /** Waits to go on with an act; false where this process is asked to end before. */
  async wait(): Promise<boolean> {
    return await this.#lockUntil(this.#stop);
  }

  /** Waits to begin; false where this process is asked to end before. */
  async waitToBegin(): Promise<boolean> {
    return await this.#waitToBegin(this.#stop);
  }

  /** Waits to begin; false also where the other wait ends first: whoever acts may do so for long. */
  async waitUnless(other: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    return await unlessEnded(this.#stop, async (signal) => await this.#waitToBegin(signal), other);
  }

  /** Takes it, to begin, if nobody else acts. */
  async try(): Promise<boolean> {
    if (this.isMine()) return true;
    this.#lock = await tryLock(this.#host, this.#store.lockPath("turn"));
    return this.isMine() && (await this.#mayBegin());
  }

  async #waitToBegin(signal: AbortSignal): Promise<boolean> {
    if (this.isMine()) return true;
    while (await this.#lockUntil(signal)) {
      if (await this.#mayBegin()) return true;
      await pause(POLL_MS, signal);
    }
    return false;
  }

  /** With the lock held: whoever holds it has written down that it acts before it does. */
  async #mayBegin(): Promise<boolean> {
    if (!(await isAnotherActing(this.#host, this.#store, this.#id))) return true;
    await this.release();
    return false;
  }

  async #lockUntil(signal: AbortSignal): Promise<boolean> {
    this.#lock ??= await waitForLock(this.#host, this.#store.lockPath("turn"), signal);
    return this.isMine();
  }

  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }
}
