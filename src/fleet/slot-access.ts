import type { LockConfig } from "../core/config/lock-config.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import { owedHook } from "../core/record/hooks.ts";
import { isUnfinished } from "../core/record/record.ts";
import { whyKept } from "../core/record/slot-at-end.ts";
import type { SlotPorts, SlotServer, Standing, Unknown } from "./slot-keeping.ts";
import type { Slot } from "../core/record/slot.ts";
import { makeFolder } from "../host/files/durable.ts";
import type { ClockReading } from "../core/record/clock.ts";
import { readClock } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import { waitForLock } from "../host/process/lock.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { fractionOf, holderOf } from "./holder.ts";
import type { Ownership } from "./ownership.ts";
import { ownerOfSlot } from "./slot-owner.ts";
import { SlotStore } from "./slot-store.ts";
import { EtcdSlots } from "./etcd.ts";
import { fleetLockServer } from "./fleetlock.ts";

interface AccessTerms {
  /** The name of this host for people. */
  readonly name: string;
  readonly proxy: ProxyConfig;
  readonly stop: AbortSignal;
}

/** Access to the slot on disk and to the lock server. */
export class SlotAccess {
  readonly #host: Host;
  readonly #records: RecordStore;
  readonly #name: string;
  readonly #proxy: ProxyConfig;
  readonly #stop: AbortSignal;
  readonly #slots: SlotStore;

  constructor(host: Host, records: RecordStore, { name, proxy, stop }: AccessTerms) {
    this.#host = host;
    this.#records = records;
    this.#name = name;
    this.#proxy = proxy;
    this.#stop = stop;
    this.#slots = new SlotStore(records.folder, host.say);
  }

  /** The slot that this host may hold. */
  slot(): Slot | null {
    return this.#slots.read();
  }

  /** @throws Refusal if this host has no machine id */
  holder(lock: LockConfig): string {
    return holderOf(lock, this.#host.paths.machineId);
  }

  self = (): Ownership => ({ host: this.#name, finalizations: this.#records.ids() });

  server(lock: LockConfig): SlotServer {
    return serverFor(lock, this.#holderIfKnown(lock), this.#host.now, this.#proxy);
  }

  /** A host that lost its machine id can still give back a slot under its old name. */
  #holderIfKnown(lock: LockConfig): string {
    try {
      return this.holder(lock);
    } catch {
      return "";
    }
  }

  /**
   * Runs one process at a time: an earlier finalization may still give back while the next one takes.
   * Errors other than the server's, such as a full disk, go to the caller.
   */
  async alone<T>(work: (ports: SlotPorts) => Promise<T>): Promise<T | Unknown> {
    // A folder in memory is gone after a boot.
    makeFolder(this.#records.folder);
    const guard = await waitForLock(this.#host, this.#records.lockPath("slot"), this.#stop);
    if (guard === null) return { kind: "unknown", why: "this process is being stopped" };
    try {
      return await work(this.#ports());
    } finally {
      await guard.release();
    }
  }

  /** A finalization without a readable record has ended. */
  standing = async (finalization: string): Promise<Standing> => {
    const read = await this.#records.read(finalization);
    if (read.kind !== "record") return { kind: "ended", keepsBecause: null };
    const { record } = read;
    if (isUnfinished(record)) return { kind: "unfinished" };
    const keepsBecause = record.slotAtEnd === "keep" ? whyKept(record) : null;
    return { kind: owedHook(record) === null ? "ended" : "ending", keepsBecause };
  };

  /** The finalization that may own the slot of this host; null if there is none. */
  async ownerOf(slot: Slot | null): Promise<string | null> {
    return await ownerOfSlot(this.#records, slot);
  }

  #ports(): SlotPorts {
    const { read, write, remove } = this.#slots;
    const server = (lock: LockConfig): SlotServer => this.server(lock);
    const { self, standing } = this;
    const clock = (): ClockReading => readClock(this.#host);
    return { clock, read, write, remove, server, self, standing };
  }
}

/**
 * The lock server of a configuration.
 *
 * @param holder the name of this host; it also selects the member of etcd that is asked first
 */
export function serverFor(
  lock: LockConfig,
  holder: string,
  now: () => Date,
  proxy: ProxyConfig,
): SlotServer {
  return lock.backend === "fleetlock"
    ? fleetLockServer({ ...lock, proxy })
    : new EtcdSlots({ ...lock, proxy }, now, fractionOf(holder));
}
