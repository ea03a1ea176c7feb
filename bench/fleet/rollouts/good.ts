import { playOnEtcd } from "./etcd.ts";
import type { Fleet, Played, Script } from "./fleet.ts";
import {
  type Figure,
  fleetOf,
  hostsOf,
  type Place,
  promises,
  say,
  timesIdeal,
  IMPATIENT,
  PATIENT,
  STUCK_AFTER_MS,
} from "./rows.ts";
import { goodRevision, haltAndResume, twoInARow } from "./scripts.ts";
import { etcdIsAway, leaderDies, leaderFreezes, troubled } from "./troubles.ts";

const HOSTS = 200;
const TIMES_IDEAL = 1.2;

async function playGood(place: Place, group: string, fleet: Fleet): Promise<Played> {
  const given = {
    ...place,
    group,
    fleet,
    script: goodRevision,
    seed: 1,
    slots: null,
    timeout: PATIENT,
    stuckAfter: STUCK_AFTER_MS,
  };
  const played = await playOnEtcd(given);
  const times = timesIdeal(fleet, played).toFixed(2);
  say(
    `a good revision, act ${fleet.actMs} ms, soak ${fleet.soakMs} ms (${times} times the ideal)`,
    fleet,
    played,
  );
  return played;
}

function perHost({ requests }: Played, fleet: Fleet): number {
  return requests / hostsOf(fleet);
}

/** Good revisions: their time against the ideal, and what etcd is asked. */
export async function goodRevisions(place: Place, large: number): Promise<Figure[]> {
  const small = fleetOf(HOSTS, { actMs: 3000, soakMs: 3000, spreadMs: 300 });
  // All hosts of the large fleet, and its etcd, share the processors of this machine.
  const many = fleetOf(large, {
    actMs: 15 * large,
    soakMs: 15 * large,
    spreadMs: 1.5 * large,
  });
  const slow = { ...small, soakMs: 5 * small.soakMs };
  const first = await playGood(place, "first", { ...small, members: "new" });
  const one = await playGood(place, "small", small);
  const slower = await playGood(place, "slow", slow);
  const other = await playGood(place, "large", many);
  return [
    promises([first, one, slower, other], "good revisions"),
    {
      what: `time to all live, ${HOSTS} hosts, times the ideal`,
      measured: timesIdeal(small, one),
      limit: TIMES_IDEAL,
    },
    {
      what: `time to all live, ${large} hosts, times the ideal`,
      measured: timesIdeal(many, other),
      limit: TIMES_IDEAL,
    },
    {
      what: `requests a host, ${large} hosts over ${HOSTS}`,
      measured: perHost(other, many) / perHost(one, small),
      limit: 1.2,
    },
    {
      what: "requests a host, a soak of five times over one",
      measured: perHost(slower, slow) / perHost(one, small),
      limit: 1.1,
    },
  ];
}

/** What may not stop a rollout: crashes of hosts, members of etcd that go, rollouts that overtake. */
export async function troubledRollouts(place: Place): Promise<Figure[]> {
  const fleet = fleetOf(HOSTS, { actMs: 500, soakMs: 500, crash: 0.01 });
  const { cluster } = place;
  const scripts: Record<string, Script> = {
    "etcd's leader is killed and brought back": troubled(goodRevision, cluster, leaderDies),
    "etcd's leader is frozen, and thaws": troubled(goodRevision, cluster, leaderFreezes),
    "all of etcd is killed and brought back": troubled(goodRevision, cluster, etcdIsAway),
    "a second revision supersedes the first half-way": twoInARow,
    "an operator halts and resumes": haltAndResume,
  };
  const all: Played[] = [];
  for (const [what, script] of Object.entries(scripts)) {
    const group = `trouble-${all.length}`;
    const played = await playOnEtcd({
      ...place,
      group,
      fleet,
      script,
      seed: all.length,
      slots: null,
      timeout: IMPATIENT,
      stuckAfter: STUCK_AFTER_MS,
    });
    say(what, fleet, played);
    all.push(played);
  }
  return [promises(all, "in trouble")];
}
