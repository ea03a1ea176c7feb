import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

/** The time of simulated hosts, in milliseconds. */
export interface Time {
  readonly now: () => number;
  /** Ends early with the signal. */
  readonly pause: (ms: number, until?: AbortSignal) => Promise<void>;
}

export const realTime: Time = {
  now: () => performance.now(),
  pause: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  },
};

interface Pause {
  readonly at: number;
  /** Decides between pauses that end at the same time. */
  readonly order: number;
  readonly end: () => void;
}

/** A time that jumps to the end of the next pause. The same seed gives the same order. */
export class VirtualTime implements Time {
  readonly #random: () => number;
  readonly #pauses = new Set<Pause>();
  #now = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  now = (): number => this.#now;

  pause: Time["pause"] = async (ms, signal) => {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const pause: Pause = {
        at: this.#now + ms,
        order: this.#random(),
        end: () => {
          this.#pauses.delete(pause);
          signal?.removeEventListener("abort", pause.end);
          resolve();
        },
      };
      this.#pauses.add(pause);
      signal?.addEventListener("abort", pause.end);
    });
  };

  /**
   * Runs until the work is done.
   *
   * @throws Error if it is not done within the limit, or everything waits for something that never comes
   */
  async run<T>(work: Promise<T>, limitMs: number): Promise<T> {
    const state = { isDone: false };
    const done = work.finally(() => (state.isDone = true));
    // A failure of the work is thrown below.
    done.catch(() => {});
    for (;;) {
      // Everything that needs no time.
      await turn();
      if (state.isDone) return await done;
      const next = this.#next();
      if (next === null) throw new Error("everything waits for something that never comes");
      if (next.at > limitMs) throw new Error(`not done after ${limitMs} ms`);
      this.#now = next.at;
      next.end();
    }
  }

  #next(): Pause | null {
    let first: Pause | null = null;
    for (const pause of this.#pauses) {
      const isEarlier =
        first === null ||
        pause.at < first.at ||
        (pause.at === first.at && pause.order < first.order);
      if (isEarlier) first = pause;
    }
    return first;
  }
}
