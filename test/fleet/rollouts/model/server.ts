import type { Time } from "../../../../bench/fleet/rollouts/time.ts";
import type { RolloutServer } from "../../../../src/fleet/rollouts/rollout-server.ts";
import type { Unknown } from "../../../../src/fleet/slot-keeping.ts";
import type { ModelGroup } from "./group.ts";

/** The network between a host and its group. */
export interface Network {
  readonly time: Time;
  readonly random: () => number;
  /** The longest way of a request or an answer, in milliseconds. */
  readonly delayMs: number;
  /** How probable it is that a request is lost, and that its answer is. */
  readonly loss: number;
}

const UNKNOWN: Unknown = { kind: "unknown", why: "no answer within 10 s" };

/** A server on a model of the group, behind a network that delays and loses. */
export function modelServer(group: ModelGroup, name: string, network: Network): RolloutServer {
  const { time, random, delayMs, loss } = network;
  let seen = -1;
  /** Until hosts that are absent are missing. */
  let dueMs = Number.POSITIVE_INFINITY;
  const ask = async <T>(does: () => T): Promise<T | Unknown> => {
    await time.pause(random() * delayMs);
    if (random() < loss) return UNKNOWN;
    const { count } = group.changes;
    const answer = does();
    await time.pause(random() * delayMs);
    if (random() < loss) return UNKNOWN;
    seen = Math.max(seen, count);
    return answer;
  };
  return {
    admit: async (self, waited) =>
      await ask(() => {
        const admission = group.admit(self, waited);
        dueMs = group.lookAgainMs(self, waited);
        return admission;
      }),
    preview: async () => await Promise.reject(new Error("no simulated host asks for a preview")),
    withdraw: async (self) => await ask(() => group.withdraw(self)),
    soaks: async (self) => await ask(() => group.soaks(self)),
    ends: async (self, end) => await ask(() => group.ends(self, end)),
    leaves: async (self, why) => await ask(() => group.leaves(self, why)),
    look: async () => await ask(() => group.look(name)),
    history: async () => await ask(() => ({ kind: "known", past: group.history() }) as const),
    halt: async (by, why) => await ask(() => group.halt(by, why)),
    resume: async () => await ask(() => group.resume()),
    forget: async (host) => await ask(() => group.forget(host)),
    change: async (signal) => {
      // The group may have changed by the request itself: then the host looks once more than it needs to.
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const waits = [group.changes.after(seen, either)];
      if (dueMs !== Number.POSITIVE_INFINITY) waits.push(time.pause(dueMs, either));
      await Promise.race(waits);
      over.abort();
      await time.pause(random() * delayMs, signal);
    },
  };
}
