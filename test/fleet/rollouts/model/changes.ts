/** Counts the changes of a group that may open or close a gate, and wakes who waits for the next one. */
export class Changes {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  note(): void {
    this.#count++;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  /** Resolves when there have been more changes than that, or with the signal. */
  async after(seen: number, signal: AbortSignal): Promise<void> {
    while (this.#count <= seen && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener("abort", () => resolve());
      });
    }
  }
}
