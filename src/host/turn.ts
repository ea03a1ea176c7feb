import type { Host } from "./host.ts";
import { type Lock, tryLock, waitForLock } from "./lock.ts";
import { unlessEnded } from "./unless-ended.ts";

/** The turn of this process to act: one finalization of a host has it at a time. */
export class Turn {
  readonly #host: Host;
  readonly #path: string;
  readonly #stop: AbortSignal;
  #lock: Lock | null = null;

  constructor(host: Host, path: string, stop: AbortSignal) {
    this.#host = host;
    this.#path = path;
    this.#stop = stop;
  }

  isMine(): boolean {
    return this.#lock !== null;
  }

  /** Waits for it; false where this process is asked to end before it has come. */
  async wait(): Promise<boolean> {
    return await this.#waitUntil(this.#stop);
  }

  /** Waits for it; false also where the other wait ends first: whoever acts may do so for long. */
  async waitUnless(other: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    return await unlessEnded(this.#stop, async (signal) => await this.#waitUntil(signal), other);
  }

  async #waitUntil(signal: AbortSignal): Promise<boolean> {
    this.#lock ??= await waitForLock(this.#host, this.#path, signal);
    return this.isMine();
  }

  /** Takes it if nobody else has it. */
  async try(): Promise<boolean> {
    this.#lock ??= await tryLock(this.#host, this.#path);
    return this.isMine();
  }

  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }
}
