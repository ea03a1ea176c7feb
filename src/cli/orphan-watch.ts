import { findDriver } from "../host/driver.ts";
import type { Host } from "../host/host.ts";
import type { RecordStore } from "../host/store.ts";

const BETWEEN_LOOKS_MS = 10_000;

/**
 * Looks now and then whether anybody drives a finalization, and tells once that nobody does:
 * else it would be waited for in vain.
 */
export class OrphanWatch {
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #id: string;
  #lastLook: number;
  #isTold = false;

  constructor(host: Host, store: RecordStore, id: string) {
    this.#host = host;
    this.#store = store;
    this.#id = id;
    // Not at once: between a record and its timer, and around a boot, lies a moment.
    this.#lastLook = host.now().getTime();
  }

  async look(): Promise<void> {
    const now = this.#host.now().getTime();
    if (this.#isTold || now < this.#lastLook + BETWEEN_LOOKS_MS) return;
    this.#lastLook = now;
    const driver = await findDriver(this.#host, this.#store, this.#id);
    if (driver.kind !== "nobody") return;
    this.#host.say(`nobody drives ${this.#id}; take it up with: deploy-finalize resume`);
    this.#isTold = true;
  }
}
