/** Undoes one step; it may be called again. */
export type Undo = () => void;

/** How to undo the steps done so far, the last one first. */
export class UndoList {
  readonly #undos: Undo[] = [];

  add(undo: Undo): void {
    this.#undos.unshift(undo);
  }

  /** Undoes everything it can; returns the errors. */
  run(): unknown[] {
    return this.#undos.flatMap((undo) => {
      try {
        undo();
        return [];
      } catch (error) {
        return [error];
      }
    });
  }
}
