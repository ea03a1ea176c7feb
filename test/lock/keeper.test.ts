import assert from "node:assert/strict";
import { test } from "node:test";
import type { LockConfig } from "../../src/core/lock-config.ts";
import { RecordStore } from "../../src/host/store.ts";
import { SlotKeeper } from "../../src/lock/keeper.ts";
import { SlotStore } from "../../src/lock/slot-store.ts";
import { until } from "../host/until.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { etcdConfig, fleetLockConfig } from "./configs.ts";
import { LockServer } from "./stand-in.ts";

/** A host whose program that holds locks always gets them. */
class KeptHost extends EdgeHost {
  readonly records = new RecordStore(this.folder.at("state"));
  readonly slots = new SlotStore(this.records.folder, this.say);
  readonly stop = new AbortController();

  constructor() {
    super();
    this.records.saveNewest(aRecord());
    this.folder.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      options?.onOutput?.("held\n", "stdout");
      await options?.holdInput;
      return await spawn(argv, options);
    };
  }

  keeper(lock: LockConfig | null): SlotKeeper {
    return new SlotKeeper(this, this.records, lock, aRecord(), this.stop.signal);
  }
}

test("keeper: takes, and gives back at the end", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url));
  assert.deepEqual(await keeper.take(), { kind: "held" });
  assert.equal(keeper.askedSince()?.getTime(), host.time);
  assert.equal(server.holders.size, 1);
  assert.ok(await keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" })));
  assert.deepEqual([server.holders.size, host.slots.read(), keeper.askedSince()], [0, null, null]);
});

test("keeper: without a lock nothing is asked, and what is held from before goes back", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  await host.keeper(fleetLockConfig(server.url)).take();
  const keeper = host.keeper(null);
  assert.deepEqual(await keeper.take(), { kind: "held" });
  assert.equal(server.requests.length, 1);
  assert.ok(await keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" })));
  assert.equal(server.holders.size, 0);
});

test("keeper: what is let go is back soon, also if the server is down at first", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url, { retry: 0.05 }));
  await keeper.take();
  server.reply = "cut";
  keeper.letGo();
  await until("it says so", () => host.said.some((line) => line.includes("tries again")));
  server.reply = null;
  await keeper.hasLetGo();
  assert.deepEqual([server.holders.size, host.slots.read()], [0, null]);
});

test("keeper: what is let go and wanted again is taken again", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url, { retry: 60 }));
  await keeper.take();
  server.reply = "cut";
  keeper.letGo();
  await until("it says so", () => host.said.some((line) => line.includes("tries again")));
  server.reply = null;
  assert.deepEqual(await keeper.take(), { kind: "held" });
  assert.deepEqual([server.holders.size, host.slots.read()?.state], [1, "held"]);
});

test("keeper: asked to end, it stops trying, and the slot is remembered", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url, { retry: 60 }));
  await keeper.take();
  server.reply = "cut";
  const settled = keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" }));
  await until("it says so", () => host.said.some((line) => line.includes("tries again")));
  host.stop.abort();
  assert.equal(await settled, false);
  assert.equal(host.slots.read()?.state, "giving-back");
});

/** A slot that hangs on a lease of a stand-in for etcd, which renews whatever it is asked to. */
function leased(host: KeptHost, server: LockServer): LockConfig {
  const lock = etcdConfig([server.url], { lease: 1 });
  const { id, scheduledAt } = aRecord();
  const slot = { schemaVersion: 1, finalization: id, holder: "x", attempt: 1, lock } as const;
  const since = { askedAt: scheduledAt, takenAt: scheduledAt };
  host.slots.write({ ...slot, ...since, state: "held", lease: "77", keptBecause: null });
  server.reply = { status: 200, text: JSON.stringify({ result: { TTL: "1" } }) };
  return lock;
}

test("keeper: a lease is renewed on after one look at the slot has failed", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(leased(host, server));
  const { spawn } = host;
  host.spawn = async (argv) => {
    host.spawn = spawn;
    return { argv, exitCode: 73, cause: null, stdout: "", stderr: "cannot open lock file" };
  };
  keeper.keepLease();
  await until("it is renewed again and again", () => server.requests.length >= 3);
  host.stop.abort();
  assert.match(host.said.join("\n"), /^the fleet lock: cannot take the lock .*slot\.lock/);
});

test("keeper: a lease that has run out is told once, and a new one is kept", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(leased(host, server));
  server.reply = { status: 200, text: JSON.stringify({ result: { TTL: "0" } }) };
  keeper.keepLease();
  await until("it is told", () => host.said.length > 0);
  leased(host, server);
  const before = server.requests.length;
  keeper.keepLease();
  await until("it is renewed again and again", () => server.requests.length >= before + 2);
  host.stop.abort();
  assert.deepEqual(host.said, [
    "the lease of the fleet lock's slot has run out: others may have taken it",
  ]);
});

test("keeper: on its way back a host does not wait for a slot that cannot be asked for", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url));
  host.spawn = async (argv) => ({ argv, exitCode: 73, cause: null, stdout: "", stderr: "no" });
  await keeper.takeForWayBack();
  assert.match(host.said.join("\n"), /^reboots back without a slot: cannot take the lock /);
});

test("keeper: a host without a machine id waits and says why", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  host.folder.remove("etc/machine-id");
  const taking = await host.keeper(fleetLockConfig(server.url)).take();
  assert.ok(taking.kind === "unknown");
  assert.match(taking.why, /cannot name this host to the lock server/);
  assert.equal(server.requests.length, 0);
});

test("keeper: a state folder that cannot be written keeps it from asking", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  host.folder.write("state/slot.json.tmp/in-the-way", "");
  await assert.rejects(host.keeper(fleetLockConfig(server.url)).take(), /EISDIR/);
  assert.equal(server.requests.length, 0);
});

test("keeper: on the way back it asks once, and goes on without", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  server.slots = 0;
  await host.keeper(fleetLockConfig(server.url)).takeForWayBack();
  assert.equal(server.count("pre-reboot"), 1);
  assert.match(host.said.join("\n"), /reboots back without a slot: .*semaphore full/);
});
