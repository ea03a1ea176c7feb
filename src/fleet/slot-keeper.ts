import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../core/config/config.ts";
import { type LockConfig, lockFor } from "../core/config/lock-config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { whyKept } from "../core/record/slot-at-end.ts";
import { messageOf } from "../core/refusal.ts";
import {
  type GivingBack,
  letSlotGo,
  renewSlot,
  settleSlot,
  type SlotPorts,
  takeSlot,
  type Taking,
} from "./slot-keeping.ts";
import type { Slot } from "../core/record/slot.ts";
import { type ClockReading, readingAt } from "../core/record/clock.ts";
import type { Host } from "../host/process/host.ts";
import { pause, LONGEST_TIMER_MS } from "../host/process/time.ts";
import type { RecordStore } from "../state-dir/store.ts";
import { SlotAccess } from "./slot-access.ts";
import { pauseMs } from "./holder.ts";

/** Renewals within the time of one lease. */
const RENEWALS_PER_LEASE = 3;

/** Seconds between tries to give back a slot whose lock is no longer configured. */
const RETRY = 30;

/** Keeps the slot of this host for one finalization, on the real host. */
export class SlotKeeper {
  readonly #host: Host;
  readonly #access: SlotAccess;
  readonly #lock: LockConfig | null;
  readonly #finalization: Pick<FinalizationRecord, "id" | "host">;
  readonly #stop: AbortSignal;
  #lettingGo: { readonly over: AbortController; readonly done: Promise<unknown> } | null = null;
  #isRenewing = false;

  constructor(
    host: Host,
    records: RecordStore,
    { lock, proxy }: Pick<Config, "lock" | "proxy">,
    finalization: Pick<FinalizationRecord, "id" | "host">,
    stop: AbortSignal,
  ) {
    this.#host = host;
    this.#access = new SlotAccess(host, records, { name: finalization.host, proxy, stop });
    this.#lock = lock;
    this.#finalization = finalization;
    this.#stop = stop;
  }

  /** Asks for a slot once. Only for the finalization that has the turn. */
  async take(): Promise<Taking> {
    const lock = this.#lock;
    if (lock === null) return { kind: "held" };
    await this.#stopLettingGo();
    const { id, host } = this.#finalization;
    let name: string;
    try {
      name = this.#access.holder(lock);
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
    return await this.#access.alone(
      async (ports) => await takeSlot(ports, lock, id, { id: name, host }),
    );
  }

  /** When it first asked for the slot; null if it has not asked. */
  askedSince(): ClockReading | null {
    const slot = this.#own();
    return slot === null ? null : (slot.clock ?? readingAt(slot.askedAt));
  }

  /** A rollback does not wait for a slot: the host would stay broken because other hosts are. */
  async takeForRollback(): Promise<void> {
    if (lockFor(this.#lock, "reboot") === null || this.#own()?.state === "held") return;
    const taking = await this.take().catch(
      (error: unknown) => ({ kind: "unknown", why: messageOf(error) }) as const,
    );
    if (taking.kind !== "held")
      this.#host.say(`reboots for the rollback without a slot: ${taking.why}`);
  }

  /** Gives back, in the background, a slot taken for an act that is postponed. */
  letGo(): void {
    if (this.#lettingGo !== null || this.#own() === null) return;
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stop]);
    const ask = async (ports: SlotPorts) => await letSlotGo(ports, this.#finalization.id);
    const done = this.#untilGivenBack(ask, signal)
      .catch(this.#warn)
      .finally(() => {
        this.#lettingGo = null;
      });
    this.#lettingGo = { over, done };
  }

  /** Resolves when the slot is given back, or when this process is stopped. */
  async hasLetGo(): Promise<void> {
    await this.#lettingGo?.done;
  }

  /** An error in the background must not end the process. */
  readonly #warn = (error: unknown): void => {
    this.#host.say(`the fleet lock: ${messageOf(error)}`);
  };

  async #stopLettingGo(): Promise<void> {
    this.#lettingGo?.over.abort();
    await this.#lettingGo?.done;
  }

  /**
   * Keeps the slot or gives it back, as the end of the finalization requires. It tries until that is
   * done, because nothing else would.
   *
   * @returns false if this process is stopped before
   */
  async settle(record: FinalizationRecord): Promise<boolean> {
    if (this.#access.slot() === null) return true;
    await this.#stopLettingGo();
    const { slotAtEnd } = record;
    const why = whyKept(record);
    return await this.#untilGivenBack(
      async (ports) =>
        await settleSlot(ports, this.#finalization.id, slotAtEnd ?? "give-back-own", why),
      this.#stop,
    );
  }

  /** Renews the lease of the slot, if it has one, while this process lives. */
  keepLease(): void {
    const slot = this.#own();
    if (this.#isRenewing || slot?.lock.backend !== "etcd" || slot.lock.lease === null) return;
    this.#isRenewing = true;
    const everyMs = Math.min((slot.lock.lease / RENEWALS_PER_LEASE) * 1000, LONGEST_TIMER_MS);
    void this.#keepRenewing(everyMs).finally(() => {
      this.#isRenewing = false;
    });
  }

  /** A failed renewal, for example on a full disk, must not let the lease expire. */
  async #keepRenewing(everyMs: number): Promise<void> {
    while (!this.#stop.aborted) {
      const renewing = await this.#renew().catch(this.#warn);
      if (renewing === "over") return;
      await sleep(everyMs, undefined, { ref: false, signal: this.#stop }).catch(() => {});
    }
  }

  async #renew(): Promise<"goes on" | "over"> {
    if (this.#own() === null) return "over";
    const renewing = await this.#access.alone(
      async (ports) => await renewSlot(ports, this.#finalization.id),
    );
    if (renewing.kind !== "gone") return "goes on";
    this.#host.say("the lease of the fleet lock slot has expired: another host may have taken it");
    return "over";
  }

  async #untilGivenBack(
    ask: (ports: SlotPorts) => Promise<GivingBack>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let lastProblem = "";
    for (let tries = 0; !signal.aborted; tries++) {
      const given = await this.#access.alone(ask);
      if (given.kind === "given-back") return true;
      if (given.why !== lastProblem) {
        this.#host.say(`cannot give back the slot of the fleet lock yet: ${given.why}`);
      }
      lastProblem = given.why;
      const retry = this.#lock?.retry ?? RETRY;
      await pause(pauseMs(this.#finalization, retry, tries, tries + 1), signal);
    }
    return false;
  }

  /** The slot that this finalization holds or has asked for. */
  #own(): Slot | null {
    const slot = this.#access.slot();
    return slot?.finalization === this.#finalization.id ? slot : null;
  }
}
