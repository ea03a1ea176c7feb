import { Refusal } from "../core/refusal.ts";
import type { Context } from "./context.ts";

/** What the person at the terminal says to a question. */
export async function answerTo(
  context: Context,
  question: string,
): Promise<"yes" | "no" | "nobody"> {
  const answer = await context.ask(`${question} [y/N] `);
  if (answer === null) return "nobody";
  return /^\s*y(es)?\s*$/i.test(answer) ? "yes" : "no";
}

/**
 * Goes on where whoever is at the terminal wants it so.
 *
 * @throws Refusal where they do not, and where nobody is there
 */
export async function makeSure(context: Context, question: string): Promise<void> {
  const answer = await answerTo(context, question);
  if (answer === "yes") return;
  throw new Refusal(
    answer === "no"
      ? "left as it is"
      : `${question} Nobody is here to answer: say so with --yes. Nothing was changed.`,
  );
}
