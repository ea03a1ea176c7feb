import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { EtcdLockConfig } from "../../src/core/config/lock-config.ts";
import { EXIT } from "../../src/core/outcome.ts";
import type { RolloutServer, Self } from "../../src/fleet/rollouts/rollout-server.ts";
import { rolloutServerFor } from "../../src/fleet/rollouts/server-for.ts";
import { fleetActSchema, fleetHistorySchema, fleetSchema } from "../../src/json/fleet.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { HOLDER, LockedHost } from "./locked-host.ts";
import { parseJson } from "./operating.ts";

const FLEET = { fleet: { wave: 0 } };
const NOW = new Date("2026-11-22T21:27:00Z");

/** Another host of the group, or this one, as its finalization asks etcd. */
class Peer {
  readonly #server: RolloutServer;
  readonly #self: Self;

  constructor(lock: EtcdLockConfig, host: string, wave: number, id = `id-${host}`) {
    this.#server = rolloutServerFor(lock, { group: null }, id, () => NOW, DEFAULT_CONFIG.proxy);
    this.#self = {
      id,
      host,
      wave,
      rollout: "first",
      finalization: "20261122-213000-aaaa",
      generation: 42,
      maxFailures: 1,
      joinWithin: 3600,
      onMissing: "halt",
    };
  }

  async asks(rollout = "first"): Promise<string> {
    const admission = await this.#server.admit({ ...this.#self, rollout }, 0);
    return admission.kind === "admitted" ? "admitted" : `${admission.kind}: ${admission.why}`;
  }

  async soaks(): Promise<void> {
    assert.equal((await this.#server.soaks(this.#self)).kind, "told");
  }

  async isLive(): Promise<void> {
    assert.equal((await this.#server.ends(this.#self, { kind: "live" })).kind, "told");
  }

  async failed(why: string): Promise<void> {
    assert.equal((await this.#server.ends(this.#self, { kind: "failed", why })).kind, "told");
  }
}

etcdTest("fleet: an operator sees, halts, resumes and forgets on a real etcd", async (cluster) => {
  const lock = etcdConfig(cluster.endpoints);
  using host = new LockedHost(lock, FLEET);
  assert.match((await host.operate("fleet", "status")).stdout, /^no rollout yet\n/);
  const early = await host.operate("fleet", "halt", "--yes");
  assert.deepEqual([early.exitCode, early.stdout], [EXIT.failed, ""]);
  assert.match(early.stderr, /no rollout/);

  const [web1, web2] = [new Peer(lock, "web1", 0, HOLDER), new Peer(lock, "web2", 1)];
  assert.equal(await web1.asks(), "admitted");
  assert.match(await web2.asks(), /^held: waits for wave 0/);
  const said = await host.operate("fleet", "status");
  assert.equal(said.exitCode, EXIT.done);
  assert.match(said.stdout, /\n> +0 {2}web1 +acting +42 {2}3 min ago\n/);
  assert.match(said.stdout, /\no +1 {2}web2 +waiting +42 {2}3 min ago\n +waits for wave 0/);

  const words = ["fleet", "halt", "--why", "the database is slow", "--yes", "--json"];
  const halted = parseJson(fleetActSchema, (await host.operate(...words)).stdout);
  assert.equal(halted.rollout.halt?.why, "the database is slow");
  await web1.isLive();
  assert.match(await web2.asks(), /^held: .*the database is slow/);
  assert.match((await host.operate("fleet", "halt", "--yes")).stderr, /halted already/);
  assert.match((await host.operate("fleet", "status")).stdout, /halted .* by root on web1/);

  assert.equal((await host.operate("fleet", "resume", "--yes")).exitCode, EXIT.done);
  assert.equal(await web2.asks(), "admitted");
  assert.match((await host.operate("fleet", "forget", "web9", "--yes")).stderr, /web9/);
  const forgotten = await host.operate("fleet", "forget", "web2", "--yes");
  assert.equal(forgotten.exitCode, EXIT.done);
  const json = parseJson(fleetSchema, (await host.operate("fleet", "status", "--json")).stdout);
  assert.deepEqual(
    json.waves?.map(({ isComplete, hosts }) => [isComplete, hosts.map((one) => one.isThisHost)]),
    [[true, [true]]],
  );
});

etcdTest("fleet history: the rollouts that newer ones replaced", async (cluster) => {
  const lock = etcdConfig(cluster.endpoints);
  using host = new LockedHost(lock, FLEET);
  const web1 = new Peer(lock, "web1", 0);
  await web1.asks("first");
  await web1.failed("web.service failed");
  assert.equal(await web1.asks("second"), "admitted");
  const said = await host.operate("fleet", "history");
  assert.match(said.stdout, /first .*halted\n.*web\.service failed/);
  const { past } = parseJson(
    fleetHistorySchema,
    (await host.operate("fleet", "history", "--json")).stdout,
  );
  assert.deepEqual(
    past.map(({ name, live, members }) => [name, live, members]),
    [["first", 0, 1]],
  );
});

etcdTest("fleet status --follow: each step of each host, without polling", async (cluster) => {
  const lock = etcdConfig(cluster.endpoints);
  using host = new LockedHost(lock, FLEET);
  const [web1, web2] = [new Peer(lock, "web1", 0), new Peer(lock, "web2", 1)];
  await web1.asks();
  await web2.asks();
  const following = host.operate("fleet", "status", "--follow");
  const shows = async (text: RegExp): Promise<void> => {
    await host.until(() => text.test(host.lines.join("")));
  };
  try {
    await shows(/0 of 2 hosts live/);
    await web1.soaks();
    await shows(/wave 0, web1: soaking\n/);
    await web1.isLive();
    await shows(/wave 0: complete/);
    await web2.asks();
    await shows(/wave 1, web2: acting\n/);
    await web2.isLive();
    assert.equal((await following).exitCode, EXIT.done);
  } finally {
    host.stop.abort();
    await following;
  }
});

etcdTest("report-bug: has the rollout of the group", async (cluster) => {
  const lock = etcdConfig(cluster.endpoints);
  using host = new LockedHost(lock, FLEET);
  host.save();
  await new Peer(lock, "web1", 0).asks();
  assert.match((await host.operate("report-bug")).stdout, /\n## Rollout\n\n +> rollout first: /);
});

test("fleet: an etcd that does not answer: exit 1, with the reason", async () => {
  const lock = etcdConfig(["http://127.0.0.1:9"]);
  using host = new LockedHost(lock, FLEET);
  host.save();
  const said = await host.operate("fleet", "status");
  assert.equal(said.exitCode, EXIT.failed);
  assert.match(said.stdout, /the rollout is unknown: .*ECONNREFUSED/);
  const halted = await host.operate("fleet", "halt", "--yes");
  assert.equal(halted.exitCode, EXIT.failed);
  assert.match(halted.stderr, /nothing was changed: the lock server .*ECONNREFUSED/s);
  const { stdout } = await host.operate("report-bug");
  assert.match(stdout, /\n## Rollout\n\n.*the rollout is unknown: .*ECONNREFUSED/);
});
