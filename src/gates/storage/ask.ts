import type { Host } from "../../host/process/host.ts";
import { outputOf } from "../../host/process/spawn.ts";

/** A tool that has not ended by then gives no answer: a pool or a disk may hang. */
const ANSWER_MS = 10_000;

/** What a tool of the storage prints, in English. @throws Error if it fails */
export async function ask(
  host: Host,
  command: readonly string[],
  stop: AbortSignal | undefined,
): Promise<string> {
  const ended = await host.spawn(command, {
    env: { LC_ALL: "C" },
    timeoutMs: ANSWER_MS,
    ...(stop !== undefined && { signal: stop }),
  });
  return outputOf(ended);
}
