import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../process/host.ts";
import { type Ended, untilAnswered } from "../process/spawn.ts";
import { showSystemState } from "./commands.ts";

const BETWEEN_MS = 500;
/** For the question whether it answers at all. */
const ANSWER_MS = 5000;

/**
 * Asks systemd again for a while if it refuses because a job is queued that contradicts it, such as a
 * stop, and if it does not answer, because it executes itself anew. Whatever it refuses twice while
 * it answers, it refuses for good. To ask again must do no harm: an answer may have been lost.
 */
export async function insist(
  host: Host,
  ask: () => Promise<Ended>,
  withinMs: number,
): Promise<Ended> {
  const begin = host.elapsedMs();
  let refusals = 0;
  for (;;) {
    const ended = await untilAnswered(ask);
    if (ended.exitCode === 0 || host.elapsedMs() - begin >= withinMs) return ended;
    const isRefused = !isDestructive(ended) && (await answers(host));
    refusals = isRefused ? refusals + 1 : 0;
    if (refusals > 1) return ended;
    if (!isRefused) await sleep(BETWEEN_MS);
  }
}

function isDestructive({ stderr }: Ended): boolean {
  return /is destructive/i.test(stderr);
}

async function answers(host: Host): Promise<boolean> {
  const ended = await host.spawn(showSystemState(), { timeoutMs: ANSWER_MS });
  return ended.exitCode === 0;
}
