import type { RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";

/** The power goes, or the process is killed. */
export class Crash extends Error {}

/**
 * A server whose caller may be killed before a request, or while it is under way: then it does what it
 * does, and nobody hears the answer.
 *
 * @param mayCrash throws Crash, or does nothing
 */
export function crashingServer(server: RolloutServer, mayCrash: () => void): RolloutServer {
  const crashing =
    <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      mayCrash();
      const answer = await ask(...args);
      mayCrash();
      return answer;
    };
  return {
    ...server,
    admit: crashing(server.admit),
    soaks: crashing(server.soaks),
    ends: crashing(server.ends),
    change: server.change,
  };
}
