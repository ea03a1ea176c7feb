import { nearest } from "../../../core/nearest.ts";
import { EXIT } from "../../../core/outcome.ts";
import { Refusal } from "../../../core/refusal.ts";
import { type Context, print } from "../../context.ts";

/**
 * Says what to do about a reason: its name in the runbook, or the words that `status` shows.
 *
 * @param commands what else has a help
 * @throws Refusal (usage) if the runbook does not know it
 */
export async function helpWith(
  context: Context,
  words: string,
  commands: readonly string[],
): Promise<number> {
  // Loaded only here: most commands do not need the runbook.
  const { topicFor } = await import("../../../view/runbook/find.ts");
  const topic = topicFor(words);
  if (topic === null) throw await unknown(words, commands);
  const { topicLines } = await import("../../../view/runbook/screen.ts");
  for (const line of topicLines(topic)) print(context, line);
  return EXIT.done;
}

async function unknown(words: string, commands: readonly string[]): Promise<Refusal> {
  const { TOPICS } = await import("../../../view/runbook/topics.ts");
  const reasons = TOPICS.map(({ name }) => name);
  const meant = nearest(words, [...commands, ...reasons]);
  const what = `unknown command "${words}"`;
  return new Refusal(
    meant === null
      ? `${what}. Commands: ${commands.join(", ")}. Reasons: ${reasons.join(", ")}`
      : `${what}. Did you mean ${meant}?`,
    EXIT.usage,
  );
}
