import type { Writer } from "./context.ts";

/** Draws a screen of lines over the one that it drew before. */
export class Repainter {
  readonly #writer: Writer;
  #height = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** In one write, so that it does not flicker. */
  paint(lines: readonly string[]): void {
    const back = this.#height === 0 ? "" : `\u001B[${this.#height}A\r`;
    const clearLine = "\u001B[K";
    const clearBelow = "\u001B[J";
    const text = lines.map((line) => `${line}${clearLine}\n`).join("");
    this.#writer.write(`${back}${text}${clearBelow}`);
    this.#height = lines.length;
  }
}
