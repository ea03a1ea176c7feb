import assert from "node:assert/strict";
import { test } from "node:test";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import { explainSchema, type ExplainJson } from "../../src/json/explain.ts";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { listing } from "../support/listing.ts";
import { makeToplevel } from "../support/systems.ts";
import { HOLDER, ID, LockedHost } from "./locked-host.ts";
import { parseJson } from "./operating.ts";

const OTHER_KERNEL = { kernel: "k2", initrd: "i1", "kernel-modules": "m1" };

/** A host that would reboot. */
function rebooting(lock: LockConfig | null, config: object = {}): LockedHost {
  const host = new LockedHost(lock, config);
  host.setProfile(makeToplevel(host.folder, "new", OTHER_KERNEL));
  return host;
}

/** How a gate is found; explaining it leaves everything as it is. */
async function gateOf(
  host: LockedHost,
  name: string,
): Promise<ExplainJson["gates"][number] | undefined> {
  const before = listing(host.folder.path);
  const { stdout } = await host.operate("explain", "--json");
  assert.deepEqual(listing(host.folder.path), before);
  return parseJson(explainSchema, stdout).gates.find((gate) => gate.name === name);
}

const fleetLock = (state: ExplainJson["gates"][number]["state"], why: string) => ({
  name: "fleet lock",
  state,
  why,
  opensAt: null,
});

etcdTest("explain: how many slots are free, and none is taken", async ({ endpoints }) => {
  const lock = etcdConfig(endpoints, { group: "web", slots: 2 });
  using host = rebooting(lock);
  const slots = new EtcdSlots(lock, () => new Date(), 0);
  const claim = { finalization: ID, token: `${ID}#1`, lease: null };
  await slots.take({ ...claim, id: "b2", host: "web2" });
  const free = fleetLock("open", "group web, 1 of 2 slots free");
  assert.deepEqual(await gateOf(host, "fleet lock"), free);
  assert.deepEqual(await gateOf(host, "fleet lock"), free);
  await slots.take({ ...claim, id: "c3", host: "web3" });
  const full = fleetLock("closed", "group web, 0 of 2 slots free: held by web2, web3");
  assert.deepEqual(await gateOf(host, "fleet lock"), full);
  host.hold(lock);
  assert.deepEqual(await gateOf(host, "fleet lock"), full, "its lease has run out meanwhile");
  assert.match((await host.operate("explain")).stdout, /fleet lock gate closed: group web, 0 of 2/);
  await slots.giveBack("c3");
  await slots.take({ ...claim, id: HOLDER, host: "web1" });
  const own = fleetLock("open", "group web, this host already holds a slot");
  assert.deepEqual(await gateOf(host, "fleet lock"), own);
  await slots.giveBack(HOLDER);
  const clones = { host: "web9", finalization: "20261122-213500-bbbb" };
  await slots.take({ ...claim, ...clones, id: HOLDER });
  const clone = await gateOf(host, "fleet lock");
  assert.match(
    JSON.stringify(clone),
    /closed.*group web, web9 holds a slot under the id of this host/,
  );
});

test("explain: a FleetLock server is not asked, as each question takes a slot", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockConfig(server.url);
  using host = rebooting(lock);
  const gate = await gateOf(host, "fleet lock");
  assert.equal(gate?.state, "unknown");
  assert.match(gate.why ?? "", /^group default: FleetLock has no request for the holders/);
  host.hold(lock, "it did not boot");
  const own = fleetLock("open", "group default, this host already holds a slot");
  assert.deepEqual(await gateOf(host, "fleet lock"), own);
  assert.deepEqual([server.requests.length, server.holders.size], [0, 0]);
});

test("explain: a slot of another group, or only asked for, is none of this lock", async () => {
  const lock = fleetLockConfig("http://127.0.0.1:9");
  using host = rebooting(lock);
  host.hold({ ...lock, group: "db" });
  assert.equal((await gateOf(host, "fleet lock"))?.state, "unknown");
  host.hold(lock, null, { state: "asked", takenAt: null });
  assert.equal((await gateOf(host, "fleet lock"))?.state, "unknown");
});

test("explain: why the slots cannot be looked at", async () => {
  const lock = etcdConfig(["http://127.0.0.1:9"], { group: "web" });
  using host = rebooting(lock);
  const gone = await gateOf(host, "fleet lock");
  assert.match(gone?.why ?? "", /^group web: the lock server 127\.0\.0\.1:9: .*ECONNREFUSED/);
  host.folder.write("state/slot.json", "{");
  assert.equal((await gateOf(host, "fleet lock"))?.state, "unknown");
  host.folder.write("etc/machine-id", "");
  const nameless = await gateOf(host, "fleet lock");
  assert.match(nameless?.why ?? "", /^group web: cannot name this host to the lock server/);
});

test("explain: a switch needs no slot", async () => {
  using host = new LockedHost(fleetLockConfig("http://127.0.0.1:9"));
  host.setProfile(makeToplevel(host.folder, "new"));
  assert.equal(await gateOf(host, "fleet lock"), undefined);
});

const WINDOW = { reboot: { window: { start: "Sat 02:00 UTC", duration: 7200 } } };

test("explain: the reboot window with its next start", async () => {
  using host = rebooting(null, WINDOW);
  host.ends["systemd-analyze"] = { stdout: "    Next elapse: Sat 2026-11-28 02:00:00 UTC\n" };
  assert.deepEqual(await gateOf(host, "reboot window"), {
    name: "reboot window",
    state: "closed",
    why: "opens at 2026-11-28T02:00:00.000Z (Sat 02:00 UTC)",
    opensAt: "2026-11-28T02:00:00.000Z",
  });
  const { stdout } = await host.operate("explain");
  assert.match(stdout, /reboot window gate closed: opens at 2026-11-2\d .*, in\s+5 d/);
});

test("explain: a reboot window that is open, and one that systemd does not know", async () => {
  using host = rebooting(null, WINDOW);
  host.ends["systemd-analyze"] = { stdout: "    Next elapse: Sun 2026-11-22 21:00:00 UTC\n" };
  assert.equal((await gateOf(host, "reboot window"))?.state, "open");
  host.ends["systemd-analyze"] = { exitCode: 1, stderr: "Failed to parse calendar expression" };
  const gate = await gateOf(host, "reboot window");
  assert.equal(gate?.state, "unknown");
  assert.match(gate.why ?? "", /Failed to parse calendar/);
});

test("explain: who holds a reboot back, and who is logged in", async () => {
  using host = rebooting(null);
  const inhibitors = [["shutdown", "backup", "copies the database", "block", 0, 4711]];
  host.ends["busctl"] = { stdout: JSON.stringify({ type: "a(ssssuu)", data: [inhibitors] }) };
  host.folder.write("run/systemd/sessions/7", "UID=1000\nUSER=alice\nTYPE=x11\nSTATE=active\n");
  const inhibited = await gateOf(host, "shutdown inhibitors");
  assert.equal(inhibited?.why, "backup (process 4711): copies the database");
  const people = await gateOf(host, "logged-in users");
  assert.deepEqual([people?.state, people?.why], ["closed", "alice is logged in"]);
});
