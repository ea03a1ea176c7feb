import type { RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";

/** The power goes, or the process is killed. */
export class Crash extends Error {}

export interface Crashes {
  /** Decides whether the process is killed now. */
  readonly strikes: () => boolean;
  /** Resolves when a process that is killed during a request dies. */
  readonly during: (asked: Promise<unknown>) => Promise<unknown>;
}

/**
 * A server whose caller may be killed before a request, or while it is under way: then it does what it
 * does, and nobody hears the answer.
 */
export function crashingServer(server: RolloutServer, crashes: Crashes): RolloutServer {
  const crashing =
    <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (crashes.strikes()) throw new Crash();
      const asked = ask(...args);
      if (!crashes.strikes()) return await asked;
      await crashes.during(asked);
      throw new Crash();
    };
  return {
    ...server,
    admit: crashing(server.admit),
    soaks: crashing(server.soaks),
    ends: crashing(server.ends),
    leaves: crashing(server.leaves),
    change: server.change,
  };
}
