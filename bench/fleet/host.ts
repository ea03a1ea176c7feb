import { readingAt } from "../../src/core/record/clock.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { EtcdLockConfig } from "../../src/core/config/lock-config.ts";
import {
  letSlotGo,
  settleSlot,
  type SlotPorts,
  type SlotServer,
  takeSlot,
} from "../../src/fleet/slot-keeping.ts";
import type { Slot } from "../../src/core/record/slot.ts";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { fractionOf, pauseMs } from "../../src/fleet/holder.ts";

/** The power goes, or the process is killed. */
class Crash extends Error {}

export interface HostOptions {
  readonly lock: EtcdLockConfig;
  /** How probable a crash is at each of the points where one may come, from 0 to 1. */
  readonly crash: number;
  /** Milliseconds that a reboot and its verification take. */
  readonly rebootMs: number;
  readonly random: () => number;
  /** What a host does with its slot after a rollback. */
  readonly onRollback: "keep" | "give-back";
  /** Whether the new system breaks a host: then it rolls back. */
  readonly breaks: (id: string) => boolean;
  /** Ends the hosts that wait for a slot. */
  readonly over: AbortSignal;
  /** Told of each host that begins to act, and of each that is done. */
  readonly onActing: (id: string, what: "begins" | "ends") => void;
}

const FINALIZATION = "20261122-213000-aaaa";

/**
 * A simulated host: the real code that keeps slots, against a real etcd, with a disk
 * of its own that survives its crashes. Its reboots are pauses.
 */
export class SimulatedHost {
  readonly id: string;
  readonly #options: HostOptions;
  /** What is on disk: the slot, and how far the finalization is. */
  #slot: Slot | null = null;
  #state: "waiting" | "rebooting" | "ended" = "waiting";
  #isActing = false;
  #tries = 0;
  crashes = 0;

  constructor(id: string, options: HostOptions) {
    this.id = id;
    this.#options = options;
  }

  /** Whether it has rolled back. */
  get isBroken(): boolean {
    return this.#state === "ended" && this.#options.breaks(this.id);
  }

  /** From waiting for a slot to having given it back or kept it, through all crashes. */
  async run(): Promise<void> {
    for (;;) {
      try {
        await this.#live();
        return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.crashes++;
        await sleep(20);
      }
    }
  }

  /** One process, from its start to its end or crash. */
  async #live(): Promise<void> {
    const { lock } = this.#options;
    const ports = this.#ports(new EtcdSlots(lock, () => new Date(), fractionOf(this.id)));
    if (this.#state === "waiting") {
      await this.#untilDone(async () => await letSlotGo(ports, FINALIZATION), "given-back");
      const holder = { id: this.id, host: this.id };
      const take = async () => await takeSlot(ports, lock, FINALIZATION, holder);
      await this.#untilDone(take, "held");
      if (this.#options.over.aborted) return;
      // The last look, and the state before the act.
      if ((await take()).kind !== "held") return await this.#live();
      this.#act("begins");
      this.#state = "rebooting";
      this.#mayCrash();
    }
    if (this.#state === "rebooting") {
      await sleep(this.#options.rebootMs);
      this.#mayCrash();
      this.#state = "ended";
      this.#act("ends");
    }
    const { onRollback } = this.#options;
    const [atEnd, why] = this.isBroken
      ? ([onRollback, "rolled-back"] as const)
      : (["give-back", "live"] as const);
    const settle = async () => await settleSlot(ports, FINALIZATION, atEnd, why);
    await this.#untilDone(settle, "given-back");
  }

  /** A host that crashes while it reboots goes on with that: it is acting all the while. */
  #act(what: "begins" | "ends"): void {
    if (this.#isActing === (what === "begins")) return;
    this.#isActing = what === "begins";
    this.#options.onActing(this.id, what);
  }

  async #untilDone(ask: () => Promise<{ kind: string }>, done: string): Promise<void> {
    const { lock, over } = this.#options;
    for (let failures = 0; !over.aborted; this.#tries++) {
      const { kind } = await ask();
      if (kind === done) return;
      failures = kind === "unknown" ? failures + 1 : 0;
      const ms = pauseMs({ host: this.id, id: FINALIZATION }, lock.retry, this.#tries, failures);
      await sleep(ms, undefined, { signal: over }).catch(() => {});
    }
  }

  #mayCrash(): void {
    const { random, crash } = this.#options;
    if (random() < crash) throw new Crash();
  }

  #ports(slots: EtcdSlots): SlotPorts {
    const crashing =
      <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        this.#mayCrash();
        const asked = ask(...args);
        // Killed while the request is under way: it does what it does.
        if (this.#options.random() < this.#options.crash) {
          await asked;
          throw new Crash();
        }
        return await asked;
      };
    const { newLease, renew, look } = slots;
    const [take, giveBack] = [crashing(slots.take), crashing(slots.giveBack)];
    const server: SlotServer = { newLease, renew, look, take, giveBack };
    return {
      clock: () => readingAt(new Date().toISOString()),
      read: () => this.#slot,
      write: (slot) => {
        this.#mayCrash();
        this.#slot = slot;
        this.#mayCrash();
      },
      remove: () => {
        this.#mayCrash();
        this.#slot = null;
        this.#mayCrash();
      },
      server: () => server,
      self: () => ({ host: this.id, finalizations: [] }),
      standing: async () => ({ kind: "unfinished" }),
    };
  }
}
