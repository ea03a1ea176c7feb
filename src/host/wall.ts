import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";

/** Terminals that do not take anything are skipped after this time. */
const TIMEOUT_SECONDS = 5;

/** Writes on every terminal that somebody is logged in at: wall(1). That it fails is told and harms nothing. */
export async function tellAll(host: Host, text: string): Promise<void> {
  const ended = await host.spawn(wall(), { input: text });
  if (ended.exitCode !== 0)
    host.say(`whoever is logged in could not be told: ${describeEnd(ended)}`);
}

/** The text is read from standard input. */
export function wall(): readonly string[] {
  return ["wall", `--timeout=${TIMEOUT_SECONDS}`];
}
