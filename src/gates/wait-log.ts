import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import type { TellWaiting, WaitingNote } from "../host/waiting-note.ts";
import type { Shut } from "./gate.ts";

/** A wait that is over, for the record. */
export type Waited = FinalizationRecord["waitedFor"][number];

/** Until when a wait lasts at most, and what happens then. */
export type Bound = Pick<WaitingNote, "until" | "next">;

const UNBOUNDED: Bound = { until: null, next: null };

/** Tells each reason to wait once, and again when it changes, and keeps how long it lasted. */
export class WaitLog {
  readonly #host: Host;
  readonly #tell: TellWaiting;
  readonly #waited: Waited[] = [];
  #current: { readonly gate: string; readonly why: string; readonly since: number } | null = null;

  constructor(host: Host, tell: TellWaiting = () => {}) {
    this.#host = host;
    this.#tell = tell;
  }

  /** What keeps it waiting now, and for how long at most; null where nothing does. */
  note(shut: Shut | null, bound: Bound = UNBOUNDED): void {
    const { gate, why } =
      shut === null ? { gate: null, why: null } : { ...shut, gate: shut.gate.name };
    if (gate === this.#current?.gate && why === this.#current?.why) return;
    this.#close();
    if (gate === null) {
      this.#tell(null);
      return;
    }
    this.#host.say(`waits for ${gate}: ${why}`);
    const since = this.#host.now();
    this.#current = { gate, why, since: since.getTime() };
    this.#tell({ for: gate, why, since: since.toISOString(), ...bound });
  }

  /** All waits, the one that lasts until now too. */
  end(): readonly Waited[] {
    this.#close();
    this.#tell(null);
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
