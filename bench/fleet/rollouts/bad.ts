import { bundleEngine } from "../../../test/fleet/rollouts/simulated-etcd/engine.ts";
import { playOnEngine } from "../../../test/fleet/rollouts/simulated-etcd/schedules.ts";
import { playOnEtcd } from "./etcd.ts";
import type { Fleet, Played } from "./fleet.ts";
import {
  boundOf,
  brokenIn,
  type Figure,
  fleetOf,
  type Place,
  promises,
  say,
  IMPATIENT,
  STUCK_AFTER_MS,
} from "./rows.ts";
import { badRevision } from "./scripts.ts";
import type { Fate } from "./terms.ts";

const HOSTS = 200;
const CRASHING = { crash: 0.005 } as const;

interface Bad {
  readonly seed: number;
  /** The share of the hosts that it breaks. */
  readonly share: number;
  readonly how: Fate;
}

const SHARES = [0.05, 0.1, 0.2, 0.5, 1];

function badOf(seed: number): Bad {
  const share = SHARES[seed % SHARES.length] ?? 1;
  return { seed, share, how: seed % 2 === 0 ? "breaks" : "breaks-in-soak" };
}

function describe({ share, how }: Bad): string {
  const when = how === "breaks" ? "at once" : "in the soak";
  return `a revision that breaks ${100 * share} % ${when}, then its fix`;
}

/** What the worst of the bad revisions broke: 0 is the bound. */
function beyondBound(fleet: Fleet, all: readonly Played[], where: string): Figure[] {
  const beyond = all.map((played) => brokenIn(played) - boundOf(fleet, played));
  const most = Math.max(...all.map(brokenIn));
  console.log(`${all.length} bad revisions ${where}: the worst broke ${most} hosts\n`);
  return [
    promises(all, `bad revisions ${where}`),
    {
      what: `broken hosts beyond those of wave 0 under way at once and maxFailures, ${where}`,
      measured: Math.max(0, ...beyond),
      limit: 0,
    },
  ];
}

/** The engine on a simulated etcd, in simulated time, with lost requests and answers. */
export async function badOnSimulatedEtcd(seeds: number): Promise<Figure[]> {
  const code = await bundleEngine();
  const fleet = fleetOf(HOSTS, CRASHING);
  const all: Played[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { share, how } = badOf(seed);
    const schedule = { fleet, loss: 0.005, seed };
    all.push(await playOnEngine(code, schedule, badRevision(share, how, seed)));
  }
  return beyondBound(fleet, all, "on a simulated etcd");
}

const AT_ONCE = 2;

/** The same on a real etcd, several fleets at a time. */
export async function badOnEtcd(place: Place, seeds: number): Promise<Figure[]> {
  const fleet = fleetOf(HOSTS, CRASHING);
  const all: Played[] = [];
  let next = 1;
  const playSome = async (): Promise<void> => {
    while (next <= seeds) {
      const bad = badOf(next++);
      const script = badRevision(bad.share, bad.how, bad.seed);
      const group = `bad-${bad.seed}`;
      const given = {
        ...place,
        group,
        fleet,
        script,
        seed: bad.seed,
        slots: null,
        timeout: IMPATIENT,
        stuckAfter: STUCK_AFTER_MS,
      };
      const played = await playOnEtcd(given);
      say(describe(bad), fleet, played);
      all.push(played);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playSome));
  return beyondBound(fleet, all, "on a real etcd");
}

/** With slots for switches: no more hosts of a wave act at once than there are slots. */
export async function badWithSlots(place: Place): Promise<Figure[]> {
  const slots = 3;
  const fleet = fleetOf(30, { retry: 0.2 });
  const bad: Bad = { seed: 1, share: 1, how: "breaks" };
  const script = badRevision(bad.share, bad.how, bad.seed);
  const played = await playOnEtcd({
    ...place,
    group: "slots",
    fleet,
    script,
    seed: 1,
    slots,
    timeout: IMPATIENT,
    stuckAfter: STUCK_AFTER_MS,
  });
  say(`${describe(bad)}, with ${slots} slots`, fleet, played);
  return [
    promises([played], "with slots"),
    {
      what: `broken hosts with ${slots} slots`,
      measured: brokenIn(played),
      limit: slots + fleet.maxFailures,
    },
  ];
}
