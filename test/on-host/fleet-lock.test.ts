import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import * as v from "valibot";
import { readIfThere } from "../../src/host/files/durable.ts";
import { lockStatusSchema } from "../../src/json/lock.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { EtcdCluster, etcdMissing } from "../fleet/etcd-cluster.ts";
import { FULL, LockServer } from "../fleet/stand-in.ts";
import {
  call,
  deploy,
  ended,
  entered,
  path,
  recordOf,
  STATE_DIR,
  systemSpec,
} from "./deploying.ts";
import { EtcdBridge, PROXY, SOCKET, URL_INSIDE } from "./etcd-bridge.ts";

/** An answer that comes late is no reason to ask again: the test counts the requests. */
const QUICK = { timeout: 60, retry: 0.2 };

function lockedSpec(spec: ToplevelSpec = {}, lock: object = {}, more: object = {}): ToplevelSpec {
  const config = {
    verify: { settle: 0 },
    lock: { backend: "fleetlock", url: `${URL_INSIDE}/base`, ...QUICK, ...lock },
    ...more,
  };
  return systemSpec({ ...spec, units: { ...PROXY, ...spec.units } }, config);
}

const baseline = lockedSpec();
const NEW_KERNEL = { kernel: "6.12.9" };

async function lockServer(host: Host): Promise<LockServer> {
  rmSync(host.path(SOCKET), { force: true });
  return await new LockServer().listen(host.path(SOCKET));
}

/** What the host has on disk about its slot; null where nothing. */
function slotOnDisk(host: Host): { state: string; keptBecause: string | null } | null {
  const text = readIfThere(host.path(`${STATE_DIR}/slot.json`));
  return text === null ? null : JSON.parse(text);
}

async function says(host: Host, id: string, words: string): Promise<void> {
  await host.until(`it says ${words}`, async () =>
    (await host.journal(`deploy-finalize-${id}.service`)).includes(words),
  );
}

hostTest(
  "the slot is taken before the reboot and given back after the verification",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const before = await host.facts();
    const asked: string[] = [];
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL));
    server.onRequest = (what) => void asked.push(`${what} in ${host.bootId()}`);
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(path(record), "scheduled waiting rebooting verifying live");
    await host.until(
      "the slot is back",
      () => server.holders.size === 0 && slotOnDisk(host) === null,
    );
    const now = await host.facts();
    const taking = `/base/v1/pre-reboot in ${before.bootId}`;
    // Taken, and asked for once more in the last look.
    assert.deepEqual(asked, [taking, taking, `/base/v1/steady-state in ${now.bootId}`]);
    assert.notEqual(now.bootId, before.bootId);
  },
);

hostTest("a switch takes no slot", { baseline }, async (host) => {
  await using server = await lockServer(host);
  const target = await host.buildToplevel(lockedSpec({ label: "new" }));
  assert.equal((await ended(host, await deploy(host, target, "--delay", "0"))).state, "live");
  assert.deepEqual(server.requests, []);
});

const BAD_UNIT = {
  units: {
    "web.service":
      "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n",
  },
};
const FAILING = { ...NEW_KERNEL, ...BAD_UNIT };

const BOTH = { for: ["switch", "reboot"] };

hostTest(
  "slots for switches: taken before the switch, and given back after the verification",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const { current } = await host.facts();
    const target = await host.buildToplevel(lockedSpec({ label: "new" }, BOTH));
    const during: (string | null)[] = [];
    server.onRequest = async () => void during.push((await host.facts()).current);
    const id = await deploy(host, target, "--delay", "0");
    assert.equal(path(await ended(host, id)), "scheduled waiting switching verifying live");
    await host.until("the slot is back", () => server.holders.size === 0);
    await host.until("nothing is left", () => slotOnDisk(host) === null);
    assert.deepEqual(during, [current, current, target]);
    assert.deepEqual([server.count("pre-reboot"), server.count("steady-state")], [2, 1]);
  },
);

hostTest(
  "slots for switches: without a free one it waits, and a host that switched back keeps its slot",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    server.reply = FULL;
    const { current } = await host.facts();
    const target = await host.buildToplevel(lockedSpec({ ...BAD_UNIT, label: "bad" }, BOTH));
    const id = await deploy(host, target, "--delay", "0");
    await says(host, id, "semaphore full: all 1 slots locked (failed_lock)");
    assert.equal((await host.facts()).current, current);
    server.reply = null;
    assert.equal((await ended(host, id)).state, "rolled-back");
    const kept = await host.until("it is kept", () => slotOnDisk(host)?.keptBecause ?? undefined);
    assert.match(kept, /web\.service/);
    assert.equal(server.holders.size, 1);
    assert.match(await host.ok(call(target, "status")), /keeps a slot/);
  },
);

hostTest(
  "a server that is down, slow, talks nonsense or is full: it waits and says why",
  { baseline },
  async (host) => {
    rmSync(host.path(SOCKET), { force: true });
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL, { timeout: 1 }));
    const { bootId } = await host.facts();
    const id = await deploy(host, target, "--delay", "0");
    await says(host, id, "waits for fleet lock: cannot tell: the lock server 127.0.0.1:3333: ");
    await using server = await lockServer(host);
    server.reply = "hang";
    await says(host, id, "no answer within 1 s");
    server.reply = { status: 502, text: "<html>Bad Gateway</html>" };
    await says(host, id, "status 502, without a reason in the FleetLock format");
    server.reply = FULL;
    await says(host, id, "semaphore full: all 1 slots locked (failed_lock)");
    assert.equal((await recordOf(host, id)).state, "waiting");
    assert.equal((await host.facts()).bootId, bootId);
    server.reply = null;
    assert.equal((await ended(host, id)).state, "live");
    await host.until("the slot is back", () => server.holders.size === 0);
  },
);

hostTest(
  "at the deadline it gives up by default, and has done nothing",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    server.reply = FULL;
    const before = await host.facts();
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL, { deadline: 1 }));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "failed");
    assert.match(
      record.outcome?.reason ?? "",
      /^timed out after 1 s waiting for fleet lock: .*full/,
    );
    assert.equal((await host.facts()).bootId, before.bootId);
    server.reply = null;
    await host.until("nothing is left", () => slotOnDisk(host) === null);
    assert.equal(server.holders.size, 0);
  },
);

hostTest("at the deadline it reboots without a slot, if told so", { baseline }, async (host) => {
  await using server = await lockServer(host);
  server.reply = FULL;
  const lock = { deadline: 1, onDeadline: "proceed" };
  const target = await host.buildToplevel(lockedSpec(NEW_KERNEL, lock));
  const id = await deploy(host, target, "--delay", "0");
  const record = await ended(host, id);
  assert.equal(path(record), "scheduled waiting rebooting verifying live");
  assert.match(
    await host.journal(`deploy-finalize-${id}.service`),
    /continues without it, as configured/,
  );
  server.reply = null;
  await host.until("nothing is left", () => slotOnDisk(host) === null);
});

hostTest(
  "a target that does not boot keeps the slot; the next deploy that holds gives it back",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const bad = await host.buildToplevel(lockedSpec({ ...NEW_KERNEL, failure: { boot: true } }));
    const record = await ended(host, await deploy(host, bad, "--delay", "0"));
    assert.match(record.outcome?.reason ?? "", /^fell back/);
    await host.until("it is kept", () => slotOnDisk(host)?.keptBecause?.startsWith("fell back"));
    assert.equal(server.holders.size, 1);
    const [holder] = server.holders;
    const asked = server.requests.length;
    const status = await host.ok(call(bad, "lock", "status"));
    assert.match(status, /keeps a slot, taken .*fell back/s);
    const shown = await host.ok(call(bad, "status"));
    assert.match(shown, /! fleet lock, group .* keeps a slot, .*deploy-finalize lock release /s);
    assert.equal(server.requests.length, asked, "whoever only looks asks for nothing");
    const good = await host.buildToplevel(lockedSpec({ label: "good" }));
    assert.equal((await ended(host, await deploy(host, good, "--delay", "0"))).state, "live");
    await host.until("it is back", () => server.holders.size === 0 && slotOnDisk(host) === null);
    assert.equal(server.count("steady-state"), 1, `${holder}`);
  },
);

hostTest(
  "a host that rolled back keeps the slot until it is given back by hand",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const target = await host.buildToplevel(lockedSpec(FAILING));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "rolled-back");
    const kept = await host.until(
      "the slot is kept",
      () => slotOnDisk(host)?.keptBecause ?? undefined,
    );
    assert.match(kept, /web\.service/);
    assert.equal(server.holders.size, 1);
    assert.match(await host.ok(call(target, "status")), /keeps a slot/);
    await host.ok(call(target, "lock", "release", "--yes"));
    assert.deepEqual([server.holders.size, slotOnDisk(host)], [0, null]);
  },
);

hostTest(
  "lock.onRollback = give-back: a host that rolled back gives the slot back once it is healthy",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const target = await host.buildToplevel(lockedSpec(FAILING, { onRollback: "give-back" }));
    const states: string[] = [];
    const id = await deploy(host, target, "--delay", "0");
    server.onRequest = (what) => {
      if (!what.endsWith("steady-state")) return;
      const text = readFileSync(host.path(`${STATE_DIR}/${id}.json`), "utf8");
      states.push(/"state": "([a-z-]+)",\n  "timeline"/.exec(text)?.[1] ?? text);
    };
    assert.equal((await ended(host, id)).state, "rolled-back");
    await host.until("it is back", () => server.holders.size === 0 && slotOnDisk(host) === null);
    assert.deepEqual(states, ["rolled-back"]);
  },
);

hostTest(
  "a lock server that is down at the end: live all the same, given back later, also after a power cut",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    server.onRequest = (what) => {
      server.reply = what.endsWith("steady-state") ? "cut" : null;
    };
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "live");
    await says(host, id, "cannot give back the slot of the fleet lock yet");
    assert.equal(slotOnDisk(host)?.state, "giving-back");
    await host.powerCut();
    await server[Symbol.asyncDispose]();
    await host.powerOn();
    await using again = await lockServer(host);
    for (const holder of server.holders) again.holders.add(holder);
    assert.equal(again.holders.size, 1);
    await host.until("it is back", () => again.holders.size === 0 && slotOnDisk(host) === null);
    assert.equal((await recordOf(host, id)).state, "live");
    await host.until("nothing is pinned", async () => {
      const pins = await host.run(["ls", "-A", "/nix/var/nix/gcroots/deploy-finalize"]);
      return pins.stdout === "";
    });
  },
);

hostTest(
  "killed while it asks, and the power gone while it holds: one slot, given back",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    server.reply = "hang";
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL, { timeout: 5 }));
    const id = await deploy(host, target, "--delay", "0");
    await host.until("it asks", () => server.count("pre-reboot") > 0);
    assert.equal(slotOnDisk(host)?.state, "asked");
    await host.shell(`kill -9 $(systemctl show -P MainPID deploy-finalize-${id}.service)`);
    // It has the slot until the power is cut, however late that is.
    server.onRequest = (what) => {
      server.reply = what.endsWith("steady-state") ? "cut" : null;
    };
    await entered(host, id, "rebooting");
    await host.powerCut();
    await server[Symbol.asyncDispose]();
    await host.powerOn();
    await using again = await lockServer(host);
    assert.equal(server.holders.size, 1);
    for (const holder of server.holders) again.holders.add(holder);
    const record = await ended(host, id);
    assert.ok(["live", "failed"].includes(record.state), record.state);
    await host.until("it ends true", () =>
      record.state === "live"
        ? again.holders.size === 0 && slotOnDisk(host) === null
        : slotOnDisk(host)?.keptBecause !== null,
    );
    assert.ok(again.most <= 1);
  },
);

hostTest(
  "a job that begins while the slot is taken: the slot goes back until the job has ended",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    const runners = [{ unit: "ci-runner.service", detect: { kind: "processes" } }];
    const spec = lockedSpec(NEW_KERNEL, {}, { waitFor: { runners } });
    const target = await host.buildToplevel(spec);
    server.onRequest = async () => {
      server.onRequest = () => {};
      await host.queueJob("mkfifo /run/hold; read -r _ < /run/hold");
      const held = async () => (await host.run(["test", "-p", "/run/hold"])).exitCode === 0;
      await host.until("the job runs", held);
    };
    const id = await deploy(host, target, "--delay", "0");
    await says(host, id, "waits for CI job");
    await host.until("the slot is back", () => server.count("steady-state") > 0);
    await host.until("nothing is held", () => slotOnDisk(host) === null);
    assert.equal(server.holders.size, 0);
    assert.equal((await recordOf(host, id)).state, "waiting");
    await host.shell("echo > /run/hold");
    assert.equal((await ended(host, id)).state, "live");
    await host.until("the slot is back again", () => server.holders.size === 0);
    assert.ok(server.count("pre-reboot") >= 3);
  },
);

hostTest(
  "cancelled while it waits for a slot: nothing is held, nothing is left",
  { baseline },
  async (host) => {
    await using server = await lockServer(host);
    server.reply = FULL;
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL));
    const id = await deploy(host, target, "--delay", "0");
    await says(host, id, "waits for fleet lock");
    server.reply = null;
    server.slots = 0;
    await host.ok(call(target, "cancel", id));
    assert.equal((await ended(host, id)).state, "cancelled");
    await host.until("nothing is left", () => slotOnDisk(host) === null);
    assert.equal(server.holders.size, 0);
  },
);

if (etcdMissing() === null) {
  hostTest("the same with a real etcd, whose leader dies meanwhile", { baseline }, async (host) => {
    await using cluster = await EtcdCluster.start();
    using bridge = await EtcdBridge.open(host, cluster);
    assert.ok(bridge.isOpen);
    const lock = { backend: "etcd", endpoints: [URL_INSIDE], slots: 1, lease: 600, url: undefined };
    const target = await host.buildToplevel(lockedSpec(NEW_KERNEL, lock));
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "rebooting");
    await cluster.kill(await cluster.leader());
    assert.equal((await ended(host, id)).state, "live");
    await host.until("the slot is back", () => slotOnDisk(host) === null);
    const status = await host.ok(call(target, "lock", "status", "--json"));
    assert.deepEqual(v.parse(lockStatusSchema, JSON.parse(status)).holders, []);
  });
}
