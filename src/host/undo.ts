/** Takes one thing back. */
export type Undo = () => void;

/** What has been done so far and how to take it back, the last thing first. */
export class UndoList {
  readonly #undos: Undo[] = [];

  add(undo: Undo): void {
    this.#undos.unshift(undo);
  }

  /** Takes everything back as far as it goes: the error that led here is the one to show. */
  run(): void {
    for (const undo of this.#undos) {
      try {
        undo();
      } catch {
        // Whatever refuses to be taken back must not keep the rest.
      }
    }
  }
}
