import type { Process } from "../kernel/process.ts";

/** Something that is due at a moment, by one of the two clocks. */
interface Alarm {
  readonly at: number;
  readonly clock: "mono" | "wall";
  readonly what: string;
  readonly act: () => void;
  /** The process whose timer it is, with its handle. */
  readonly owner: { readonly process: Process; readonly handle: number } | null;
}

const START = Date.parse("2026-11-22T21:30:00Z");

/** Alarms that outlast a boot: they belong to people, not to the machine. */
export const PLANNED = "plan: ";

/** The monotonic clock, which goes on over boots here, and the clock on the wall, which may be set. */
export class Clocks {
  monoMs = 1000;
  /** What the clock on the wall is ahead of the monotonic one. */
  wallOffset = START;
  #alarms: Alarm[] = [];

  get wallMs(): number {
    return Math.floor(this.monoMs + this.wallOffset);
  }

  after(ms: number, what: string, act: () => void): void {
    this.#alarms.push({ at: this.monoMs + ms, clock: "mono", what, act, owner: null });
  }

  atWall(at: number, what: string, act: () => void): void {
    this.#alarms.push({ at, clock: "wall", what, act, owner: null });
  }

  /** A timer of a process. */
  addTimer(process: Process, handle: number, ms: number): void {
    const act = (): void => {
      process.pending.push({ handle, happening: { kind: "timer" } });
    };
    const at = this.monoMs + Math.max(1, ms);
    this.#alarms.push({ at, clock: "mono", what: "timer", act, owner: { process, handle } });
  }

  /** Without a handle, all timers of the process. */
  clear(process: Process, handle: number | null = null): void {
    this.#alarms = this.#alarms.filter(
      ({ owner }) => owner?.process !== process || (handle !== null && owner.handle !== handle),
    );
  }

  #dueAt({ at, clock }: Alarm): number {
    return clock === "mono" ? at : at - this.wallOffset;
  }

  /** Rings what is due; returns what other parts of the host are to do then. */
  ring(): readonly Pick<Alarm, "what" | "act">[] {
    const due = this.#alarms.filter((alarm) => this.#dueAt(alarm) <= this.monoMs);
    if (due.length === 0) return due;
    this.#alarms = this.#alarms.filter((alarm) => !due.includes(alarm));
    for (const { owner, act } of due) if (owner !== null) act();
    return due.filter(({ owner }) => owner === null);
  }

  /** When the next alarm is due; infinite if there is none. */
  next(): number {
    return Math.min(...this.#alarms.map((alarm) => this.#dueAt(alarm)));
  }

  /** What is only in memory is gone. */
  loseMemory(): void {
    this.#alarms = this.#alarms.filter(({ what }) => what.startsWith(PLANNED));
  }
}
