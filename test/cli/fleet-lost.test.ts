import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { EtcdLockConfig } from "../../src/core/config/lock-config.ts";
import { rolloutServerFor } from "../../src/fleet/rollouts/server-for.ts";
import { fleetSchema } from "../../src/json/fleet.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { HOLDER, ID, LockedHost } from "./locked-host.ts";
import { parseJson } from "./operating.ts";

const UNIT = { DEPLOY_FINALIZE_UNIT: `deploy-finalize-${ID}` };
const NOW = new Date("2026-11-22T21:27:00Z");

/** A host in its unit, whose finalization the group has let in. */
async function admittedHost(lock: EtcdLockConfig): Promise<LockedHost> {
  const host = new LockedHost(lock, { fleet: { wave: 0 } });
  const server = rolloutServerFor(lock, { group: null }, HOLDER, () => NOW, DEFAULT_CONFIG.proxy);
  const wave = { wave: 0, maxFailures: 1, joinWithin: 3600, onMissing: "halt" } as const;
  const self = { id: HOLDER, host: "web1", rollout: "first", finalization: ID, generation: 42 };
  assert.equal((await server.admit({ ...self, ...wave }, 0)).kind, "admitted");
  host.env = UNIT;
  return host;
}

async function statesOf(host: LockedHost): Promise<unknown[]> {
  const seen = parseJson(fleetSchema, (await host.operate("fleet", "status", "--json")).stdout);
  return seen.waves?.flatMap(({ hosts }) => hosts.map(({ state, why }) => [state, why])) ?? [];
}

for (const [what, prepare] of [
  ["cannot be read", (host: LockedHost) => host.folder.write(`state/${ID}.json`, "{")],
  ["is lost with the state folder", (host: LockedHost) => host.folder.remove("state")],
] as const) {
  etcdTest(`run: a record that ${what} is an end for the group`, async ({ endpoints }) => {
    using host = await admittedHost(etcdConfig(endpoints));
    host.save();
    prepare(host);
    assert.equal((await host.operate("run", ID)).exitCode, 10);
    const why = `the record of ${ID} was lost, and nobody knows how it ended`;
    assert.deepEqual(await statesOf(host), [["failed", why]]);
  });
}

etcdTest("run: an end that a program without rollouts has not told", async ({ endpoints }) => {
  const lock = etcdConfig(endpoints);
  using host = await admittedHost(lock);
  const { id } = host.save({ state: "live", rollout: null });
  const asking = { finalization: id, rollout: "first", generation: 42, holder: HOLDER, lock };
  const open = { joined: null, withoutAnswer: 0, end: null, isTold: false };
  const part = { schemaVersion: 1, ...asking, fleet: { wave: 0, soak: 0 }, ...open };
  host.folder.write(`state/${id}.rollout`, JSON.stringify(part));
  assert.equal((await host.operate("run", id)).exitCode, 0);
  assert.deepEqual(await statesOf(host), [["live", null]]);
});

etcdTest("run: by hand, with another state folder, it tells nothing", async ({ endpoints }) => {
  using host = await admittedHost(etcdConfig(endpoints));
  host.env = {};
  assert.equal((await host.operate("run", ID)).exitCode, 1);
  assert.deepEqual(await statesOf(host), [["acting", null]]);
});

/** A host in its unit, whose etcd is away. */
function awayHost(): LockedHost {
  const lock = etcdConfig(["http://127.0.0.1:9"], { retry: 1 });
  const host = new LockedHost(lock, { fleet: { wave: 0 } });
  host.env = UNIT;
  return host;
}

for (const [what, program, ends, exitCode] of [
  ["a lock that cannot be taken", "flock", { exitCode: 66, stderr: "No space left" }, 75],
  [
    "a state folder that is not mounted",
    "systemctl",
    { stdout: "LoadState=loaded\nActiveState=failed\n" },
    10,
  ],
] as const) {
  void test(`run: ${what}: the group is not told, and it ends with ${exitCode}`, async () => {
    using host = awayHost();
    const pin = host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${ID}-target`, "");
    host.store.create();
    host.ends[program] = ends;
    const ended = await host.operate("run", ID);
    assert.match(ended.stderr, /cannot tell the group that the record of \S+aaaa is lost: /);
    assert.deepEqual([ended.exitCode, existsSync(pin)], [exitCode, true], ended.stderr);
  });
}

void test("run: an etcd that is away: the process waits, once the newest one is driven", async () => {
  using host = awayHost();
  const pin = host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${ID}-target`, "");
  const newest = host.save({ id: "20261122-220000-bbbb" });
  const running = host.operate("run", ID);
  setTimeout(() => {
    host.stop.abort();
  }, 1500);
  const { exitCode, stderr } = await running;
  assert.match(stderr, /cannot tell the group default yet: .*ECONNREFUSED/);
  assert.deepEqual([exitCode, existsSync(pin)], [75, true]);
  const isLaunched = host.ran.some((argv) => argv[0] === "systemd-run" && argv.includes(newest.id));
  assert.ok(isLaunched, "nobody else would start the newest one");
});
