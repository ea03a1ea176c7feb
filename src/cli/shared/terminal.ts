import type { Context, Writer } from "../context.ts";
import { Refusal } from "../../core/refusal.ts";

/** The answer at the terminal; `nobody` without a terminal. */
export async function answerTo(
  context: Context,
  question: string,
): Promise<"yes" | "no" | "nobody"> {
  const answer = await context.ask(`${question} [y/N] `);
  if (answer === null) return "nobody";
  return /^\s*y(es)?\s*$/i.test(answer) ? "yes" : "no";
}

/** @throws Refusal unless the answer at the terminal is yes */
export async function makeSure(context: Context, question: string): Promise<void> {
  const answer = await answerTo(context, question);
  if (answer === "yes") return;
  throw new Refusal(
    answer === "no"
      ? "cancelled; nothing was changed"
      : `${question} There is no terminal to ask on. Use --yes. Nothing was changed.`,
  );
}

export class Repainter {
  readonly #writer: Writer;
  #height = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** In one write, to avoid flicker. */
  paint(lines: readonly string[]): void {
    const back = this.#height === 0 ? "" : `\u001B[${this.#height}A\r`;
    const clearLine = "\u001B[K";
    const clearBelow = "\u001B[J";
    const text = lines.map((line) => `${line}${clearLine}\n`).join("");
    this.#writer.write(`${back}${text}${clearBelow}`);
    this.#height = lines.length;
  }
}
