import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import type { Shut } from "./gate.ts";

/** A wait that is over, for the record. */
export type Waited = FinalizationRecord["waitedFor"][number];

/** Tells each reason to wait once, and again when it changes, and keeps how long it lasted. */
export class WaitLog {
  readonly #host: Host;
  readonly #waited: Waited[] = [];
  #current: { readonly gate: string; readonly why: string; readonly since: number } | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What keeps it waiting now; null where nothing does. */
  note(shut: Shut | null): void {
    const { gate, why } =
      shut === null ? { gate: null, why: null } : { ...shut, gate: shut.gate.name };
    if (gate === this.#current?.gate && why === this.#current?.why) return;
    this.#close();
    if (gate === null) return;
    this.#host.say(`waits for ${gate}: ${why}`);
    this.#current = { gate, why, since: this.#host.now().getTime() };
  }

  /** All waits, the one that lasts until now too. */
  end(): readonly Waited[] {
    this.#close();
    return this.#waited;
  }

  #close(): void {
    if (this.#current === null) return;
    const { gate, why, since } = this.#current;
    const seconds = Math.max(0, this.#host.now().getTime() - since) / 1000;
    this.#waited.push({ gate, why, seconds });
    this.#current = null;
  }
}
