import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { holderId, ZINCATI_ID } from "../../src/fleet/holder.ts";
import { SlotKeeper } from "../../src/fleet/slot-keeper.ts";
import { SlotStore } from "../../src/fleet/slot-store.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { until } from "../test-host/until.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { etcdConfig, fleetLockConfig } from "./configs.ts";
import { FULL, LockServer } from "./stand-in.ts";
import { saveNewest } from "../support/store.ts";

/** Every answer of etcd has it. */
const HEADER = { cluster_id: "1" };

/** A host whose program that holds locks always gets them. */
class KeptHost extends EdgeHost {
  readonly records = new RecordStore(this.folder.at("state"));
  readonly slots = new SlotStore(this.records.folder, this.say);
  readonly stop = new AbortController();

  constructor() {
    super();
    saveNewest(this.records, aRecord());
    this.folder.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      options?.onOutput?.("held\n", "stdout");
      await options?.holdInput;
      return await spawn(argv, options);
    };
  }

  keeper(lock: LockConfig | null, { proxy }: Pick<Config, "proxy"> = DEFAULT_CONFIG): SlotKeeper {
    return new SlotKeeper(
      this,
      this.records,
      { ...DEFAULT_CONFIG, lock, proxy },
      aRecord(),
      this.stop.signal,
    );
  }
}

test("keeper: takes, and gives back at the end", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url));
  assert.deepEqual(await keeper.take(), { kind: "held" });
  assert.equal(keeper.askedSince()?.at, host.now().toISOString());
  assert.equal(server.holders.size, 1);
  assert.ok(await keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" })));
  assert.deepEqual([server.holders.size, host.slots.read(), keeper.askedSince()], [0, null, null]);
});

test("keeper: takes and gives back through the proxy", async () => {
  await using server = await new LockServer().listen();
  await using proxy = await ProxyServer.listen(Number(new URL(server.url).port));
  using host = new KeptHost();
  const through = { http: proxy.url, https: null, except: [] };
  const keeper = host.keeper(fleetLockConfig("http://never.invalid"), { proxy: through });
  assert.deepEqual(await keeper.take(), { kind: "held" });
  assert.ok(await keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" })));
  assert.equal(proxy.asked.length, 2);
});

test("keeper: Zincati's name for the host reaches the server", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url, { id: "zincati" }));
  assert.deepEqual(await keeper.take(), { kind: "held" });
  const id = holderId("0123456789abcdef0123456789abcdef", ZINCATI_ID);
  assert.deepEqual(server.requests[0]?.body, { client_params: { id, group: "default" } });
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
  await until("it says so", () => host.said.some((line) => line.includes("cannot give back")));
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
  await until("it says so", () => host.said.some((line) => line.includes("cannot give back")));
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
  await until("it says so", () => host.said.some((line) => line.includes("cannot give back")));
  host.stop.abort();
  assert.equal(await settled, false);
  assert.equal(host.slots.read()?.state, "giving-back");
});

/** A slot that hangs on a lease of a stand-in for etcd, which renews whatever it is asked to. */
function leased(host: KeptHost, server: LockServer): LockConfig {
  const lock = etcdConfig([server.url], { lease: 1 });
  const { id, scheduledAt } = aRecord();
  const slot = { schemaVersion: 1, finalization: id, holder: "x", attempt: 1, lock } as const;
  const since = { askedAt: scheduledAt, clock: null, takenAt: scheduledAt };
  host.slots.write({ ...slot, ...since, state: "held", lease: "77", keptBecause: null });
  server.reply = { status: 200, text: JSON.stringify({ result: { header: HEADER, TTL: "1" } }) };
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
  server.reply = { status: 200, text: JSON.stringify({ result: { header: HEADER, TTL: "0" } }) };
  keeper.keepLease();
  await until("it is told", () => host.said.length > 0);
  leased(host, server);
  const before = server.requests.length;
  keeper.keepLease();
  await until("it is renewed again and again", () => server.requests.length >= before + 2);
  host.stop.abort();
  assert.deepEqual(host.said, [
    "the lease of the fleet lock slot has expired: another host may have taken it",
  ]);
});

test("keeper: on its way back a host does not wait for a slot that cannot be asked for", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const keeper = host.keeper(fleetLockConfig(server.url));
  host.spawn = async (argv) => ({ argv, exitCode: 73, cause: null, stdout: "", stderr: "no" });
  await keeper.takeForRollback();
  assert.match(
    host.said.join("\n"),
    /^reboots for the rollback without a slot: cannot take the lock /,
  );
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
  host.folder.remove("state");
  host.folder.write("state", "a file");
  await assert.rejects(host.keeper(fleetLockConfig(server.url)).take(), /EEXIST/);
  assert.equal(server.requests.length, 0);
});

test("keeper: on the way back it asks once, and goes on without", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  server.slots = 0;
  await host.keeper(fleetLockConfig(server.url)).takeForRollback();
  assert.equal(server.count("pre-reboot"), 1);
  assert.match(host.said.join("\n"), /reboots for the rollback without a slot: .*semaphore full/);
});

test("keeper: a reboot that needs no slot asks for none on the way back", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  for (const acts of [["switch"], []] as const) {
    await host.keeper(fleetLockConfig(server.url, { for: [...acts] })).takeForRollback();
  }
  assert.deepEqual([server.requests, host.said], [[], []]);
});

test("keeper: a slot on disk is one that an older program understands, and is not written anew", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  const lock = fleetLockConfig(server.url, { for: ["switch", "reboot"] });
  await host.keeper(lock).take();
  const file = host.folder.at("state/slot.json");
  assert.doesNotMatch(readFileSync(file, "utf8"), /"for"/);
  const { ino } = statSync(file);
  assert.deepEqual(await host.keeper(lock).take(), { kind: "held" });
  assert.equal(statSync(file).ino, ino);
});

test("keeper: a slot that the server never granted is not kept after a rollback", async () => {
  using host = new KeptHost();
  await using server = await new LockServer().listen();
  server.reply = FULL;
  const keeper = host.keeper(fleetLockConfig(server.url));
  assert.equal((await keeper.take()).kind, "refused");
  server.reply = null;
  assert.ok(await keeper.settle(aRecord({ state: "rolled-back", slotAtEnd: "keep" })));
  assert.equal(host.slots.read(), null);
});

/** The slot of another finalization of the host, which has ended but for a hook. */
async function endsElsewhere(host: KeptHost, server: LockServer, slotAtEnd: "keep" | "give-back") {
  const id = "20261122-212900-bbbb";
  const hook: FinalizationRecord["hooks"][number] = {
    name: "node",
    stage: "in-force",
    after: ["up"],
    timeout: 60,
    problems: [],
  };
  const outcome = { reason: "x", activationExitCode: null, activationTail: [] };
  const state = slotAtEnd === "keep" ? "failed" : "live";
  host.records.save(aRecord({ id, state, outcome, slotAtEnd, hooks: [hook] }));
  await host.keeper(fleetLockConfig(server.url)).take();
  const slot = host.slots.read();
  assert.ok(slot !== null);
  host.slots.write({ ...slot, finalization: id });
}

test("keeper: while a hook of its owner has still to end, another finalization leaves the slot", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  await endsElsewhere(host, server, "give-back");
  const keeper = host.keeper(null);
  assert.ok(await keeper.settle(aRecord({ state: "live", slotAtEnd: "give-back" })));
  assert.deepEqual([server.holders.size, host.slots.read()?.state], [1, "held"]);
});

test("keeper: the same whose end keeps the slot: whoever takes it over knows that", async () => {
  await using server = await new LockServer().listen();
  using host = new KeptHost();
  await endsElsewhere(host, server, "keep");
  await host.keeper(fleetLockConfig(server.url)).take();
  const slot = host.slots.read();
  assert.equal(slot?.finalization, aRecord().id);
  assert.notEqual(slot.keptBecause, null);
});
