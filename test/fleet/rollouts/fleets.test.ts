import assert from "node:assert/strict";
import { playOnEtcd } from "../../../bench/fleet/rollouts/etcd.ts";
import type { Script } from "../../../bench/fleet/rollouts/fleet.ts";
import { Requests } from "../../../bench/fleet/rollouts/requests.ts";
import { boundOf, brokenIn, fleetOf } from "../../../bench/fleet/rollouts/rows.ts";
import {
  badRevision,
  goodRevision,
  haltAndResume,
  twoInARow,
} from "../../../bench/fleet/rollouts/scripts.ts";
import {
  etcdIsAway,
  leaderDies,
  leaderFreezes,
  type Trouble,
  troubled,
} from "../../../bench/fleet/rollouts/troubles.ts";
import { etcdClusterTest } from "../etcd-test.ts";

const FLEET = fleetOf(10, { actMs: 100, soakMs: 100, retry: 0.2, crash: 0.02 });

/** What happens to etcd, and to which fleets at once: the first one says when. */
const troubles: Record<string, readonly [Trouble, ...Script[]]> = {
  "whose leader is killed and brought back": [leaderDies, goodRevision, haltAndResume],
  "whose leader is frozen, and thaws": [
    leaderFreezes,
    twoInARow,
    badRevision(1, "breaks-in-soak", 1),
  ],
  "that is killed and brought back": [etcdIsAway, goodRevision, badRevision(0.5, "breaks", 2)],
};

for (const [what, [trouble, ...scripts]] of Object.entries(troubles)) {
  etcdClusterTest(`fleets roll out on an etcd ${what}`, async (cluster) => {
    using requests = new Requests();
    const play = async (script: Script, seed: number): Promise<void> => {
      const group = `fleet-${seed}`;
      const played = await playOnEtcd({
        cluster,
        requests,
        group,
        seed,
        slots: null,
        timeout: 2,
        fleet: FLEET,
        script: seed === 0 ? troubled(script, cluster, trouble) : script,
      });
      assert.deepEqual(played.oracle.violations, []);
      // A machine that stalls may let the hosts of wave 0 act one by one, and those of another wave at once.
      const most = Math.max(boundOf(FLEET, played), (FLEET.waves[0] ?? 0) + FLEET.maxFailures);
      assert.ok(brokenIn(played) <= most, `${brokenIn(played)} hosts broke`);
    };
    await Promise.all(scripts.map(play));
  });
}

etcdClusterTest(
  "no more hosts break than there are slots, if a switch needs one",
  async (cluster) => {
    using requests = new Requests();
    const fleet = { ...FLEET, crash: 0 };
    const script = badRevision(1, "breaks", 1);
    const given = {
      cluster,
      requests,
      group: "slots",
      fleet,
      script,
      seed: 1,
      slots: 2,
      timeout: 2,
    };
    const played = await playOnEtcd(given);
    assert.deepEqual(played.oracle.violations, []);
    assert.ok(brokenIn(played) <= 2, `${brokenIn(played)} hosts broke`);
  },
);
