import assert from "node:assert/strict";
import { drain, type Fleet, type Trouble, whenDone } from "../../bench/fleet/simulation.ts";
import type { EtcdCluster } from "./etcd-cluster.ts";
import { etcdClusterTest } from "./etcd-test.ts";

const FLEET: Fleet = {
  hosts: 24,
  slots: 3,
  retry: 0.2,
  // Long enough for hosts to act at once also on a busy machine.
  rebootMs: 500,
  onRollback: "keep",
  breaks: () => false,
  crash: 0.03,
  seed: 7,
};

/** What is done to the leader while hosts take, hold and give back; each time to another one, if it changes. */
const troubles: Record<string, (cluster: EtcdCluster, leader: number) => Promise<void>> = {
  "is killed and brought back": async (cluster, leader) => {
    await cluster.kill(leader);
    await cluster.leader(leader);
    cluster.bringBack(leader);
  },
  "is frozen, as by a partition, and thaws": async (cluster, leader) => {
    await cluster.freeze(leader);
    await cluster.leader(leader);
    cluster.thaw(leader);
  },
};

for (const [what, happens] of Object.entries(troubles)) {
  const again: Trouble = async (cluster, done) => {
    for (const count of [2, 9, 16]) {
      await whenDone(done, count);
      await happens(cluster, await cluster.leader());
    }
  };
  etcdClusterTest(
    `a fleet drains while etcd's leader ${what}, again and again`,
    async (cluster) => {
      const { mostActing, mostHeld, left, crashes } = await drain(cluster, FLEET, again);
      assert.ok(mostActing <= FLEET.slots, `${mostActing} acted at once`);
      assert.ok(mostHeld <= FLEET.slots, `${mostHeld} slots were taken`);
      assert.equal(left, 0);
      assert.ok(mostActing > 1 && crashes > 0, `${mostActing} acted at once, ${crashes} crashes`);
    },
  );
}

etcdClusterTest(
  "a bad system stops at the number of slots, because hosts that rolled back keep theirs",
  async (cluster) => {
    const { broken, left, crashes } = await drain(cluster, { ...FLEET, breaks: () => true });
    assert.equal(broken, FLEET.slots);
    assert.equal(left, FLEET.slots);
    assert.ok(crashes > 0, "nothing happened");
  },
);

etcdClusterTest(
  "a bad system reaches all hosts if those that rolled back give their slots back",
  async (cluster) => {
    const fleet = { ...FLEET, onRollback: "give-back", breaks: () => true } as const;
    const { broken, left } = await drain(cluster, fleet);
    assert.equal(broken, FLEET.hosts);
    assert.equal(left, 0);
  },
);
