import type { Done, PastRollout, Rollout } from "../../../src/core/fleet/rollout.ts";
import type { RolloutSeen } from "../../../src/core/fleet/seen.ts";
import type { RolloutNote } from "../../../src/state-dir/rollout-note.ts";
import type { GroupView, RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";
import { COMMIT } from "../reports.ts";

const AT = "2026-11-22T21:31:00.000Z";

export function aRollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    schemaVersion: 1,
    seq: 7,
    name: COMMIT,
    startedAt: "2026-11-22T21:30:00.000Z",
    startedBy: "web1",
    halt: null,
    failures: [],
    forgiven: 0,
    ...changes,
  };
}

export function aFailure(host: string, why = "its checks failed"): Rollout["failures"][number] {
  return { id: host, host, wave: 0, finalization: "20261122-213000-aaaa", why, at: AT };
}

export function halted(changes: Partial<NonNullable<Rollout["halt"]>> = {}): Rollout {
  const halt = { at: AT, by: "web1", why: "web1: its checks failed", kind: "failures" } as const;
  return aRollout({ halt: { ...halt, ...changes }, failures: [aFailure("web1")] });
}

export function aPast(changes: Partial<PastRollout> = {}): PastRollout {
  return { ...aRollout(), endedAt: AT, live: 31, members: 50, ...changes };
}

/** The members of each wave by how they have ended, named web1, web2 and so on. */
export function aView(
  waves: readonly (readonly (Done | null)[])[],
  rollout: Rollout | null = aRollout(),
): GroupView {
  let count = 0;
  const views = waves.map((dones, wave) => ({
    wave,
    members: dones.map((done) => {
      const host = `web${++count}`;
      return {
        schemaVersion: 1 as const,
        id: host,
        host,
        wave,
        seq: 7,
        finalization: "20261122-213000-aaaa",
        generation: 2,
        state: "waiting" as const,
        since: AT,
        why: null,
        done,
        hasJoined: true,
      };
    }),
  }));
  return { kind: "known", group: "web", rollout, waves: views };
}

const refuse = async (): Promise<never> => {
  throw new Error("a report changes nothing");
};

/** A server for those who only look. */
export function serverThatShows(
  look: RolloutServer["look"],
  history: RolloutServer["history"] = async () => ({ kind: "known", past: [] }),
): RolloutServer {
  return {
    admit: refuse,
    preview: refuse,
    withdraw: refuse,
    soaks: refuse,
    ends: refuse,
    leaves: refuse,
    halt: refuse,
    resume: refuse,
    forget: refuse,
    change: refuse,
    look,
    history,
  };
}

/** What a host of group web has seen. */
export function seen(changes: Partial<RolloutSeen> = {}): RolloutSeen {
  const own = { rollout: COMMIT, wave: 0, state: "waiting", because: null } as const;
  return { group: "web", rollout: aRollout(), counts: null, own, ...changes };
}

/** The last look of a host of group web. */
export function aNote(changes: Partial<RolloutNote> = {}): RolloutNote {
  const own = { rollout: COMMIT, wave: 1, state: "waiting", because: "wave" } as const;
  return {
    schemaVersion: 1,
    group: "web",
    at: AT,
    rollout: aRollout(),
    counts: null,
    countedAt: null,
    own: { ...own, since: AT },
    finalization: null,
    ...changes,
  };
}
