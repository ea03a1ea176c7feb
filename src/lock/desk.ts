import type { LockConfig } from "../core/lock-config.ts";
import { isUnfinished } from "../core/record.ts";
import type { SlotPorts, SlotServer } from "../core/slot-keeping.ts";
import type { Slot } from "../core/slot.ts";
import type { Host } from "../host/host.ts";
import { waitForLock } from "../host/lock.ts";
import type { RecordStore } from "../host/store.ts";
import { readHolderId } from "./holder.ts";
import { SlotStore } from "./slot-store.ts";
import { serverFor } from "./table.ts";

/** What this host has to do with its lock server: the slot on disk, and the server itself. */
export class SlotDesk {
  readonly #host: Host;
  readonly #records: RecordStore;
  readonly #stop: AbortSignal;
  readonly #slots: SlotStore;

  constructor(host: Host, records: RecordStore, stop: AbortSignal) {
    this.#host = host;
    this.#records = records;
    this.#stop = stop;
    this.#slots = new SlotStore(records.folder, host.say);
  }

  /** The slot that this host may hold. */
  slot(): Slot | null {
    return this.#slots.read();
  }

  /** @throws Refusal where this host has no machine id */
  holder(): string {
    return readHolderId(this.#host.paths.machineId);
  }

  server(lock: LockConfig): SlotServer {
    return serverFor(lock, this.#nameForSpreading(), this.#host.now);
  }

  /** A host without a machine id can still give back what it holds by the name that it had. */
  #nameForSpreading(): string {
    try {
      return this.holder();
    } catch {
      return "";
    }
  }

  /**
   * One process at a time: one that has ended may still be giving back while the next
   * one takes. An error that is not the server's, as a full disk, goes on to the caller.
   */
  async alone<T>(
    work: (ports: SlotPorts) => Promise<T>,
  ): Promise<T | { readonly kind: "unknown"; readonly why: string }> {
    const guard = await waitForLock(this.#host, this.#records.lockPath("slot"), this.#stop);
    if (guard === null) return { kind: "unknown", why: "asked to end" };
    try {
      return await work(this.#ports());
    } finally {
      await guard.release();
    }
  }

  /** Whether nothing more is done for a finalization. */
  hasEnded = async (finalization: string): Promise<boolean> => {
    const read = await this.#records.read(finalization);
    return read.kind !== "record" || !isUnfinished(read.record);
  };

  #ports(): SlotPorts {
    const { read, write, remove } = this.#slots;
    const server = (lock: LockConfig): SlotServer => this.server(lock);
    return { now: this.#host.now, read, write, remove, server, hasEnded: this.hasEnded };
  }
}
