import { setTimeout as sleep } from "node:timers/promises";
import type { LockConfig } from "../core/lock-config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf } from "../core/refusal.ts";
import {
  type GivingBack,
  letSlotGo,
  renewSlot,
  settleSlot,
  type SlotPorts,
  takeSlot,
  type Taking,
} from "../core/slot-keeping.ts";
import type { Slot } from "../core/slot.ts";
import type { Host } from "../host/host.ts";
import { pause } from "../host/pause.ts";
import type { RecordStore } from "../host/store.ts";
import { SlotDesk } from "./desk.ts";
import { pauseMs } from "./spread.ts";
import { LONGEST_TIMER_MS } from "../host/time-limit.ts";

/** A lease is renewed this often within the time that it lasts. */
const RENEWALS_PER_LEASE = 3;

/** Seconds between two tries to give back a slot whose lock is not configured any more. */
const RETRY = 30;

/** Keeps the slot of this host for one finalization, on the real host. */
export class SlotKeeper {
  readonly #host: Host;
  readonly #desk: SlotDesk;
  readonly #lock: LockConfig | null;
  readonly #finalization: Pick<FinalizationRecord, "id" | "host">;
  readonly #stop: AbortSignal;
  #lettingGo: { readonly over: AbortController; readonly done: Promise<unknown> } | null = null;
  #isRenewing = false;

  constructor(
    host: Host,
    records: RecordStore,
    lock: LockConfig | null,
    finalization: Pick<FinalizationRecord, "id" | "host">,
    stop: AbortSignal,
  ) {
    this.#host = host;
    this.#desk = new SlotDesk(host, records, stop);
    this.#lock = lock;
    this.#finalization = finalization;
    this.#stop = stop;
  }

  /** Asks for a slot once. Only for the finalization whose turn it is. */
  async take(): Promise<Taking> {
    const lock = this.#lock;
    if (lock === null) return { kind: "held" };
    await this.#keepAfterAll();
    const { id, host } = this.#finalization;
    let name: string;
    try {
      name = this.#desk.holder();
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
    return await this.#desk.alone(
      async (ports) => await takeSlot(ports, lock, id, { id: name, host }),
    );
  }

  /** Since when a slot is asked for; null while none is. */
  askedSince(): Date | null {
    const slot = this.#own();
    return slot === null ? null : new Date(slot.askedAt);
  }

  /** A host on its way back does not queue: it would stay broken because others are. */
  async takeForWayBack(): Promise<void> {
    if (this.#lock === null || this.#own()?.state === "held") return;
    const taking = await this.take().catch(
      (error: unknown) => ({ kind: "unknown", why: messageOf(error) }) as const,
    );
    if (taking.kind !== "held") this.#host.say(`reboots back without a slot: ${taking.why}`);
  }

  /** Gives back, in the background, what was taken for an act that does not come now. */
  letGo(): void {
    if (this.#lettingGo !== null || this.#own() === null) return;
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stop]);
    const ask = async (ports: SlotPorts) => await letSlotGo(ports, this.#finalization.id);
    const done = this.#untilGivenBack(ask, signal)
      .catch(this.#tell)
      .finally(() => {
        this.#lettingGo = null;
      });
    this.#lettingGo = { over, done };
  }

  /** Resolves when what is let go is back, or when this process is asked to end. */
  async hasLetGo(): Promise<void> {
    await this.#lettingGo?.done;
  }

  /** What goes on in the background must not end the process. */
  readonly #tell = (error: unknown): void => {
    this.#host.say(`the fleet lock: ${messageOf(error)}`);
  };

  async #keepAfterAll(): Promise<void> {
    this.#lettingGo?.over.abort();
    await this.#lettingGo?.done;
  }

  /**
   * Does with the slot what the end of the finalization means for it, and tries until
   * that is done: nobody else would.
   *
   * @returns false where this process is asked to end before
   */
  async settle(record: FinalizationRecord): Promise<boolean> {
    if (this.#desk.slot() === null) return true;
    await this.#keepAfterAll();
    const { slotAtEnd, outcome } = record;
    const why = outcome?.reason ?? record.state;
    return await this.#untilGivenBack(
      async (ports) =>
        await settleSlot(ports, this.#finalization.id, slotAtEnd ?? "give-back-own", why),
      this.#stop,
    );
  }

  /** Renews the lease of the slot, if it has one, for as long as this process lives. */
  keepLease(): void {
    const slot = this.#own();
    if (this.#isRenewing || slot?.lock.backend !== "etcd" || slot.lock.lease === null) return;
    this.#isRenewing = true;
    const everyMs = Math.min((slot.lock.lease / RENEWALS_PER_LEASE) * 1000, LONGEST_TIMER_MS);
    void this.#renewAgainAndAgain(everyMs).finally(() => {
      this.#isRenewing = false;
    });
  }

  /** One renewal that fails, as on a full disk, is no reason to let the lease run out. */
  async #renewAgainAndAgain(everyMs: number): Promise<void> {
    while (!this.#stop.aborted) {
      const renewing = await this.#renew().catch(this.#tell);
      if (renewing === "over") return;
      await sleep(everyMs, undefined, { ref: false, signal: this.#stop }).catch(() => {});
    }
  }

  async #renew(): Promise<"goes on" | "over"> {
    if (this.#own() === null) return "over";
    const renewing = await this.#desk.alone(
      async (ports) => await renewSlot(ports, this.#finalization.id),
    );
    if (renewing.kind !== "gone") return "goes on";
    this.#host.say("the lease of the fleet lock's slot has run out: others may have taken it");
    return "over";
  }

  async #untilGivenBack(
    ask: (ports: SlotPorts) => Promise<GivingBack>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let told = "";
    for (let tries = 0; !signal.aborted; tries++) {
      const given = await this.#desk.alone(ask);
      if (given.kind === "given-back") return true;
      if (given.why !== told) {
        this.#host.say(`cannot give the slot of the fleet lock back, tries again: ${given.why}`);
      }
      told = given.why;
      const retry = this.#lock?.retry ?? RETRY;
      await pause(pauseMs(this.#finalization, retry, tries, tries + 1), signal);
    }
    return false;
  }

  /** What this finalization holds or has asked for. */
  #own(): Slot | null {
    const slot = this.#desk.slot();
    return slot?.finalization === this.#finalization.id ? slot : null;
  }
}
