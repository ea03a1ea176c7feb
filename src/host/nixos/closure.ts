import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";

/**
 * The store paths that toplevels need, with the toplevels themselves.
 *
 * @throws Error if Nix does not tell
 */
export async function closureOf(
  host: Host,
  toplevels: readonly string[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const argv = ["nix-store", "--query", "--requisites", "--", ...toplevels];
  const ended = await host.spawn(argv, { signal });
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return new Set(ended.stdout.split("\n").filter((line) => line !== ""));
}
