import type {
  Done,
  Member,
  MemberState,
  PastRollout,
  Rollout,
} from "../../src/core/fleet/rollout.ts";
import type { GroupView, MemberView } from "../../src/fleet/rollouts/rollout-server.ts";
import type { FleetHistoryJson, FleetJson } from "../../src/json/fleet.ts";
import { toFleetJson, toRolloutJson } from "../../src/cli/fleet/look.ts";

export const REVISION = "4dcaa3f8a0c5d7b9e1f2a3b4c5d6e7f8091a2b3c";
export const GROUP = "web";
export const ENDPOINTS = ["https://etcd1:2379", "https://etcd2:2379"];

export function aRollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    schemaVersion: 1,
    seq: 7,
    name: REVISION,
    startedAt: "2026-11-22T21:16:00.000Z",
    startedBy: "web1",
    halt: null,
    failures: [],
    forgiven: 0,
    ...changes,
  };
}

type How = MemberState | "absent" | "without";

const DONE_OF: Readonly<Partial<Record<How, Done>>> = {
  live: "live",
  failed: "failed",
  without: "without",
};

/** A host in some state, named by its number. */
export function aMember(
  wave: number,
  number: number,
  how: How,
  changes: Partial<MemberView> = {},
): MemberView {
  const host = `web${number}`;
  const isOld = how === "absent" || how === "without";
  const member: Member = {
    schemaVersion: 1,
    id: `id-${host}`,
    host,
    wave,
    seq: isOld ? 6 : 7,
    finalization: "20261122-211500-km17",
    generation: 42,
    state: isOld ? "live" : how,
    since: "2026-11-22T21:27:00.000Z",
    why: null,
  };
  return { ...member, done: DONE_OF[how] ?? null, hasJoined: !isOld && how !== "left", ...changes };
}

/** The waves of some hosts. */
export function viewOf(rollout: Rollout | null, ...members: readonly MemberView[]): GroupView {
  const numbers = [...new Set(members.map(({ wave }) => wave))].toSorted((a, b) => a - b);
  const waves = numbers.map((wave) => ({
    wave,
    members: members.filter((member) => member.wave === wave),
  }));
  return { kind: "known", group: GROUP, rollout, waves };
}

/** As `web1` of the group sees it. */
export function asJson(seen: Parameters<typeof toFleetJson>[1]): FleetJson {
  return toFleetJson({ group: GROUP, endpoints: ENDPOINTS, id: "id-web1" }, seen);
}

const WAITS =
  "waits for wave 1: 1 of 4 hosts has ended live; web6 does not take part yet (waits until 2026-11-22T22:16:00.000Z)";

const SOME = [
  aMember(0, 1, "live"),
  aMember(0, 2, "live", { since: "2026-11-22T21:28:00.000Z" }),
  aMember(1, 3, "live", { since: "2026-11-22T21:34:00.000Z" }),
  aMember(1, 4, "soaking", { since: "2026-11-22T21:35:00.000Z" }),
  aMember(1, 5, "acting", { since: "2026-11-22T21:35:30.000Z", generation: 108 }),
  aMember(1, 6, "absent"),
  aMember(2, 7, "waiting", { why: WAITS }),
  aMember(2, 8, "waiting", { why: WAITS, since: "2026-11-22T21:31:00.000Z" }),
  aMember(2, 9, "left", { why: "cancelled by anna" }),
] as const;

const FAILURE = {
  id: "id-web5",
  host: "web5",
  wave: 1,
  finalization: "20261122-211500-km17",
  why: "rolled back: units settle: web.service failed: it exited with status 1 three times in 20 s and was given up",
  at: "2026-11-22T21:33:00.000Z",
};

const HALT = {
  at: FAILURE.at,
  by: "web5",
  why: "1 host has failed, and maxFailures of web5 is 1: web5",
  kind: "failures",
} as const;

const FAILED = [
  ...SOME.slice(0, 4),
  aMember(1, 5, "failed", { why: FAILURE.why, since: FAILURE.at }),
  aMember(1, 6, "without"),
  aMember(2, 7, "waiting", { why: "the rollout is halted: web5 failed", generation: null }),
];

const MISSING = {
  at: "2026-11-22T21:33:00.000Z",
  by: "web7",
  why: "web6 of wave 1 did not take part within 1 h",
  kind: "missing",
} as const;

/** Hosts by the number, in five waves of 400. */
const MANY = Array.from({ length: 2000 }, (_, index) => {
  const wave = Math.floor(index / 400);
  const number = 1000 + index;
  if (wave === 0) return aMember(wave, number, "live");
  if (wave === 1 && index % 400 < 380) return aMember(wave, number, "live");
  if (wave > 1)
    return aMember(wave, number, index % 3 === 0 ? "absent" : "waiting", { why: WAITS });
  const how =
    (["failed", "absent", "acting", "soaking", "waiting"] as const)[index % 5] ?? "acting";
  return aMember(wave, number, how, how === "failed" ? { why: FAILURE.why } : {});
});

/** The screens that a group may have. */
export const GROUPS: Readonly<Record<string, FleetJson>> = {
  none: asJson(viewOf(null)),
  unknown: asJson({ kind: "unknown", why: "https://etcd1:2379: connect ECONNREFUSED 10.0.0.9" }),
  "goes-on": asJson(viewOf(aRollout(), ...SOME)),
  halted: asJson(viewOf(aRollout({ halt: HALT, failures: [FAILURE] }), ...FAILED)),
  missing: asJson(viewOf(aRollout({ halt: MISSING }), ...SOME)),
  "by-hand": asJson(
    viewOf(
      aRollout({
        name: "spring-cleaning",
        halt: { at: FAILURE.at, by: "anna on web9", why: "the database is slow", kind: "operator" },
        failures: [FAILURE],
        forgiven: 1,
      }),
      ...FAILED,
    ),
  ),
  complete: asJson(
    viewOf(
      aRollout({
        failures: [FAILURE],
        forgiven: 1,
        resumed: { at: "2026-11-22T21:34:30.000Z", by: "anna on web9" },
      }),
      aMember(0, 1, "live"),
      aMember(1, 2, "live", { since: "2026-11-22T21:34:00.000Z" }),
    ),
  ),
  many: asJson(viewOf(aRollout({ failures: [FAILURE, FAILURE] }), ...MANY)),
  "many-waves": asJson(
    viewOf(
      aRollout(),
      ...Array.from({ length: 40 }, (_, wave) =>
        aMember(wave, 10 + wave, wave < 9 ? "live" : wave === 9 ? "acting" : "waiting", {
          why: wave > 9 ? WAITS : null,
        }),
      ),
    ),
  ),
};

type Past = Pick<PastRollout, "name" | "halt" | "endedAt" | "live" | "members"> &
  Pick<FleetHistoryJson["past"][number], "end">;

const PAST: readonly Past[] = [
  {
    name: aRollout().name,
    endedAt: "2026-11-22T21:15:00.000Z",
    live: 9,
    members: 50,
    halt: {
      at: "2026-11-22T21:14:00.000Z",
      by: "web3",
      why: "1 host has failed: web3",
      kind: "failures",
    },
    end: "halted",
  },
  {
    name: "spring-cleaning",
    halt: null,
    endedAt: "2026-11-20T09:00:00Z",
    live: 50,
    members: 50,
    end: "live",
  },
  {
    name: "winter",
    halt: null,
    endedAt: "2025-12-24T17:00:00Z",
    live: 49,
    members: 50,
    end: "superseded",
  },
];

export const HISTORY: FleetHistoryJson = {
  schemaVersion: 1,
  group: GROUP,
  server: ENDPOINTS,
  past: PAST.map(({ name, halt, endedAt, live, members, end }) => {
    const startedAt = new Date(Date.parse(endedAt) - 5_000_000).toISOString();
    return { ...toRolloutJson(aRollout({ name, halt, startedAt })), endedAt, live, members, end };
  }),
};
