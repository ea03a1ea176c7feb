import assert from "node:assert/strict";
import type { EtcdLockConfig } from "../../src/core/config/lock-config.ts";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { until } from "../test-host/until.ts";
import { Folder } from "../support/folder.ts";
import { claimOf, etcdConfig } from "./configs.ts";
import { etcdClusterTest, etcdTest } from "./etcd-test.ts";
import { enableAuth } from "./etcd-users.ts";
import { withHook } from "./hook.ts";

const now = (): Date => new Date("2026-11-22T21:31:00Z");

function slotsOf(endpoints: readonly string[], more: Partial<EtcdLockConfig> = {}): EtcdSlots {
  return new EtcdSlots(etcdConfig(endpoints, { timeout: 20, ...more }), now, 0);
}

/** The hosts that hold a slot, by the number of the slot. */
async function holders(slots: EtcdSlots): Promise<string[]> {
  const occupancy = await slots.look();
  if (occupancy.kind === "unknown") throw new Error(occupancy.why);
  return occupancy.holders.map(({ slot, id }) => `${slot}:${id}`);
}

etcdTest("etcd: slots are taken, kept apart, and given back", async ({ endpoints }) => {
  const slots = slotsOf(endpoints, { slots: 2 });
  assert.deepEqual(await slots.take(claimOf("a")), { kind: "held" });
  assert.deepEqual(await slots.take(claimOf("a")), { kind: "held" });
  assert.deepEqual(await slots.take(claimOf("b")), { kind: "held" });
  assert.deepEqual(await holders(slots), ["0:a", "1:b"]);
  const refused = await slots.take(claimOf("c"));
  assert.deepEqual(refused, { kind: "refused", why: "all 2 slots of group default are taken" });
  assert.deepEqual(await slots.giveBack("c"), { kind: "given-back" });
  assert.deepEqual(await slots.giveBack("a"), { kind: "given-back" });
  assert.deepEqual(await slots.take(claimOf("c")), { kind: "held" });
  assert.deepEqual(await holders(slots), ["0:c", "1:b"]);
  const other = slotsOf(endpoints, { group: "other" });
  assert.deepEqual(await other.take(claimOf("d")), { kind: "held" });
});

etcdTest("etcd: fewer slots than are held are heeded", async ({ endpoints }) => {
  const many = slotsOf(endpoints, { slots: 3 });
  for (const id of ["a", "b", "c"]) await many.take(claimOf(id));
  await many.giveBack("a");
  assert.equal((await slotsOf(endpoints, { slots: 2 }).take(claimOf("d"))).kind, "refused");
  await many.giveBack("b");
  assert.equal((await slotsOf(endpoints, { slots: 2 }).take(claimOf("d"))).kind, "held");
});

etcdClusterTest(
  "etcd: many hosts at once get as many slots as there are",
  async ({ endpoints }) => {
    const ids = Array.from({ length: 24 }, (_, index) => `h${index}`);
    const taken = new Set<string>();
    await until("three hosts hold a slot", async () => {
      const asked = ids.map(async (id) => {
        if ((await slotsOf(endpoints, { slots: 3 }).take(claimOf(id))).kind === "held")
          taken.add(id);
      });
      await Promise.all(asked);
      return taken.size >= 3;
    });
    assert.equal(taken.size, 3);
    assert.equal((await holders(slotsOf(endpoints))).length, 3);
  },
);

etcdTest("etcd: a member that is down is passed over; all of them: unknown", async (cluster) => {
  const slots = slotsOf(["http://127.0.0.1:9", ...cluster.endpoints]);
  assert.equal((await slots.take(claimOf("a"))).kind, "held");
  const nobody = await slotsOf(["http://127.0.0.1:9"]).take(claimOf("a"));
  assert.ok(nobody.kind === "unknown");
  assert.match(nobody.why, /^the lock server 127\.0\.0\.1:9: .*ECONNREFUSED/);
});

etcdClusterTest("etcd: without a majority nothing is taken", async (cluster) => {
  await cluster.kill(0);
  await cluster.kill(1);
  const slots = slotsOf(cluster.endpoints, { timeout: 0.5 });
  assert.equal((await slots.take(claimOf("a"))).kind, "unknown");
  cluster.bringBack(0);
  await until("there is a majority", async () => (await slots.take(claimOf("a"))).kind === "held");
  assert.deepEqual(await holders(slotsOf(cluster.endpoints)), ["0:a"]);
});

etcdClusterTest("etcd: a slot survives its leader, and the giving back too", async (cluster) => {
  const slots = slotsOf(cluster.endpoints);
  assert.equal((await slots.take(claimOf("a"))).kind, "held");
  const first = await cluster.leader();
  await cluster.kill(first);
  await until("it is still held", async () => (await slots.take(claimOf("a"))).kind === "held");
  assert.equal((await slots.take(claimOf("b"))).kind, "refused");
  cluster.bringBack(first);
  await cluster.healthy();
  await cluster.kill(await cluster.leader());
  await until("it is back", async () => (await slots.giveBack("a")).kind === "given-back");
  assert.deepEqual(await holders(slots), []);
});

etcdClusterTest(
  "etcd: what a frozen leader was asked comes too late to do anything",
  async (cluster) => {
    const leader = await cluster.leader();
    const [address = ""] = cluster.endpoints.slice(leader, leader + 1);
    const all = slotsOf(cluster.endpoints, { timeout: 0.5 });
    // Read before it froze, so that only the transaction is late.
    const late = withHook(address, async () => {
      await cluster.freeze(leader);
    });
    await using proxy = await late;
    const taking = await slotsOf([proxy.url], { timeout: 0.5 }).take(claimOf("a"));
    assert.equal(taking.kind, "unknown");
    await until("others lead", async () => (await all.giveBack("a")).kind === "given-back");
    cluster.thaw(leader);
    await until("the old leader answers", async () => {
      const one = await slotsOf([address], { timeout: 0.5 }).look();
      return one.kind === "known";
    });
    assert.deepEqual(await holders(slotsOf(cluster.endpoints)), []);
  },
);

etcdTest(
  "etcd: a transaction that got no answer is read again, and not repeated",
  async (cluster) => {
    let transactions = 0;
    await using proxy = await withHook(cluster.endpoints[0] ?? "", async (forward) => {
      transactions++;
      await forward();
      return "cut";
    });
    const slots = slotsOf([proxy.url], { slots: 3 });
    assert.equal((await slots.take(claimOf("a"))).kind, "held");
    assert.equal(transactions, 1);
    assert.deepEqual(await holders(slots), ["0:a"]);
  },
);

etcdTest("etcd: a giving back that comes late does not touch the next taking", async (cluster) => {
  const [address = ""] = cluster.endpoints;
  const slots = slotsOf([address]);
  await slots.take(claimOf("a"));
  const held = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  await using proxy = await withHook(address, async (forward) => {
    reached.resolve();
    await held.promise;
    await forward();
    return "cut for good";
  });
  const late = slotsOf([proxy.url]).giveBack("a");
  await reached.promise;
  const again = claimOf("a", { token: "20261122-213000-aaaa#2" });
  assert.equal((await slots.take(again)).kind, "held");
  held.resolve();
  assert.equal((await late).kind, "unknown");
  assert.deepEqual(await holders(slots), ["0:a"]);
});

etcdTest("etcd: a lease that nobody renews frees the slot", async ({ endpoints }) => {
  const slots = slotsOf(endpoints, { lease: 10 });
  const made = await slots.newLease();
  assert.ok(made.kind === "lease");
  const lease = made.id;
  assert.equal((await slots.take(claimOf("a", { lease }))).kind, "held");
  assert.deepEqual(await slots.renew(lease), { kind: "renewed" });
  assert.equal((await slots.take(claimOf("b"))).kind, "refused");
  await until("the lease is over", async () => (await slots.take(claimOf("b"))).kind === "held");
  assert.deepEqual(await slots.renew(lease), { kind: "gone" });
});

etcdTest("etcd: user and password; the token is renewed", async (cluster) => {
  const [address = ""] = cluster.endpoints;
  using folder = new Folder();
  const passwordFile = folder.write("password", "secret-of-root\n");
  await enableAuth(address);
  const anonymous = await slotsOf([address]).take(claimOf("a"));
  assert.ok(anonymous.kind === "unknown");
  assert.match(anonymous.why, /user name is empty/);
  const slots = slotsOf([address], { username: "root", passwordFile });
  assert.equal((await slots.take(claimOf("a"))).kind, "held");
  await cluster.kill(0);
  cluster.bringBack(0);
  // The tokens are gone with the processes that gave them.
  await until("it is back", async () => (await slots.giveBack("a")).kind === "given-back");
  folder.write("password", "wrong-one");
  const wrong = await slotsOf([address], { username: "root", passwordFile }).take(claimOf("a"));
  assert.ok(wrong.kind === "unknown");
  assert.match(wrong.why, /authentication failed/);
  assert.doesNotMatch(wrong.why, /wrong-one/);
  folder.remove("password");
  const none = await slotsOf([address], { username: "root", passwordFile }).take(claimOf("a"));
  assert.ok(none.kind === "unknown");
  assert.match(none.why, /^this host cannot read the password: ENOENT/);
});

// Hosts cloned from one template have one machine id. web1's slot went to web2 while web1 rebooted, and
// went back when web1 was through while web2 still rebooted.
const CLONE = { host: "web2", finalization: "20261122-213500-bbbb" } as const;

etcdTest(
  "etcd: a slot that a clone holds is neither taken over nor given back",
  async (cluster) => {
    const slots = slotsOf(cluster.endpoints, { slots: 2 });
    const web1 = claimOf("cloned", { host: "web1" });
    assert.deepEqual(await slots.take(web1), { kind: "held" });
    const taking = await slots.take(
      claimOf("cloned", { ...CLONE, token: "20261122-213500-bbbb#1" }),
    );
    assert.ok(taking.kind === "refused");
    assert.match(
      taking.why,
      /^web1 holds a slot under the id of this host \(cloned\)\..* set lock\.id/,
    );
    const self = { host: CLONE.host, finalizations: [CLONE.finalization] };
    assert.deepEqual(await slots.giveBack("cloned", self), { kind: "given-back" });
    assert.deepEqual(await holders(slots), ["0:cloned"]);
    assert.deepEqual(await slots.take(web1), { kind: "held" });
    const named = { host: "web1", finalizations: [] };
    assert.deepEqual(await slots.giveBack("cloned", named), { kind: "given-back" });
    assert.deepEqual(await holders(slots), []);
  },
);

etcdTest("etcd: a host that got another name takes its own slot over", async ({ endpoints }) => {
  const slots = slotsOf(endpoints);
  const before = claimOf("a", { host: "web1" });
  await slots.take(before);
  const after = claimOf("a", { ...CLONE, token: "#2", earlier: [before.finalization] });
  assert.deepEqual(await slots.take(after), { kind: "held" });
  const self = { host: "web3", finalizations: [CLONE.finalization] };
  assert.deepEqual(await slots.giveBack("a", self), { kind: "given-back" });
  assert.deepEqual(await holders(slots), []);
});
