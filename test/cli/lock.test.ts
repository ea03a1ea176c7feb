import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { EXIT } from "../../src/core/outcome.ts";
import { lockStatusSchema } from "../../src/json/lock.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { HOLDER, ID, LockedHost } from "./locked-host.ts";

test("lock status: what this host has to do with a FleetLock server", async () => {
  const lock = fleetLockConfig("http://127.0.0.1:9");
  using host = new LockedHost(lock);
  host.save();
  const free = await host.operate("lock", "status");
  assert.equal(free.exitCode, EXIT.done);
  assert.match(free.stdout, /^group default at http:\/\/127\.0\.0\.1:9 \(fleetlock\)\n/);
  assert.match(free.stdout, /holds no slot/);
  assert.match(free.stdout, /FleetLock has no request/);
  host.hold(lock);
  assert.match((await host.operate("lock", "status")).stdout, /holds a slot, taken 3 min ago/);
  host.hold(lock, "it did not boot");
  const kept = await host.operate("lock", "status");
  assert.match(
    kept.stdout.replaceAll("\n", " "),
    /keeps a slot, taken 3 min ago, because .* it did not/,
  );
  for (const line of kept.stdout.split("\n")) assert.ok(line.length <= 80, line);
});

test("lock release: of this host, so that nothing is left on its disk", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockConfig(server.url);
  using host = new LockedHost(lock);
  host.save({ state: "failed" });
  host.hold(lock, "it did not boot");
  server.holders.add(HOLDER);
  const unasked = await host.operate("lock", "release");
  assert.equal(unasked.exitCode, EXIT.failed);
  assert.match(unasked.stderr, /There is no terminal to ask on. Use --yes/);
  assert.equal(server.requests.length, 0);
  host.answer = "y";
  const done = await host.operate("lock", "release", "--json");
  assert.equal(done.exitCode, EXIT.done);
  assert.equal(v.parse(lockStatusSchema, JSON.parse(done.stdout)).released, HOLDER);
  assert.deepEqual([server.holders.size, host.slots.read()], [0, null]);
});

test("lock release: of another host and group, by its name", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockConfig(server.url);
  using host = new LockedHost(lock);
  host.save();
  host.hold(lock);
  server.holders.add("other");
  await host.operate("lock", "release", "--holder", "other", "--group", "db", "--yes");
  assert.deepEqual(server.requests[0]?.body, { client_params: { id: "other", group: "db" } });
  assert.equal(host.slots.read()?.state, "held");
});

test("lock release: a server that does not answer is told of, and nothing is forgotten", async () => {
  const lock = fleetLockConfig("http://127.0.0.1:9");
  using host = new LockedHost(lock);
  host.save();
  host.hold(lock);
  const said = await host.operate("lock", "release", "--yes");
  assert.equal(said.exitCode, EXIT.failed);
  assert.match(said.stderr, /the slot may still be taken: .*ECONNREFUSED/);
  assert.equal(host.slots.read()?.state, "giving-back");
});

test("lock release: says where the finalization gives it back itself", async () => {
  const lock = fleetLockConfig("http://127.0.0.1:9");
  using host = new LockedHost(lock);
  host.save({ state: "verifying" });
  host.hold(lock);
  const said = await host.operate("lock", "release");
  assert.match(said.stderr, /20261122-213000-aaaa has not ended and will give it back itself/);
});

const refused: [string, string[], number, RegExp][] = [
  ["no lock", ["status"], EXIT.failed, /no fleet lock is configured\. Set `lock`/],
  ["another word", ["take"], EXIT.usage, /Allowed choices are status, release/],
  ["no word", [], EXIT.usage, /missing required argument/],
  ["a wrong group", ["status", "--group", "a b"], EXIT.usage, /Use letters, digits/],
];
for (const [what, words, exitCode, why] of refused) {
  test(`lock: refuses ${what}`, async () => {
    using host = new LockedHost(null);
    const said = await host.operate("lock", ...words);
    assert.equal(said.exitCode, exitCode);
    assert.match(said.stderr, why);
  });
}

test("lock: needs root", async () => {
  using host = new LockedHost(fleetLockConfig("http://127.0.0.1:9"));
  host.userId = 1000;
  assert.match((await host.operate("lock", "status")).stderr, /needs root/);
});

test("lock: what is on disk and cannot be read is set aside, and said", async () => {
  using host = new LockedHost(fleetLockConfig("http://127.0.0.1:9"));
  host.save();
  host.folder.write("state/slot.json", "{");
  const said = await host.operate("lock", "status");
  assert.match(said.stderr, /cannot read which slot .*; renamed the file to .*slot\.json\.broken/);
  assert.match(said.stdout, /holds no slot/);
});

etcdTest("lock status: who holds the slots of an etcd", async ({ endpoints }) => {
  const lock = etcdConfig(endpoints, { slots: 2 });
  using host = new LockedHost(lock);
  host.save();
  const { EtcdSlots } = await import("../../src/fleet/etcd.ts");
  const slots = new EtcdSlots(lock, () => new Date("2026-11-22T21:27:00Z"), 0);
  const claim = { finalization: ID, token: `${ID}#1`, lease: null };
  await slots.take({ ...claim, id: "b2", host: "web2" });
  await slots.take({ ...claim, id: HOLDER, host: "web1" });
  const said = await host.operate("lock", "status");
  assert.match(said.stdout, /2 of 2 slots taken\n/);
  assert.match(said.stdout, /\n +0 {2}web2 +b2 +20261122-213000-aaaa +3 min ago\n/);
  const json = v.parse(
    lockStatusSchema,
    JSON.parse((await host.operate("lock", "status", "--json")).stdout),
  );
  assert.deepEqual(
    json.holders?.map(({ host: name, isThisHost }) => [name, isThisHost]),
    [
      ["web2", false],
      ["web1", true],
    ],
  );
  await host.operate("lock", "release", "--holder", "b2", "--yes");
  assert.match((await host.operate("lock", "status")).stdout, /1 of 2 slots taken/);
});

test("lock status: an etcd that does not answer: exit 1, with the reason", async () => {
  using host = new LockedHost(etcdConfig(["http://127.0.0.1:9"]));
  host.save();
  const said = await host.operate("lock", "status");
  assert.equal(said.exitCode, EXIT.failed);
  assert.match(said.stdout, /ECONNREFUSED/);
});
