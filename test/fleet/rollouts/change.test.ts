import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import type { RolloutServer, Self } from "../../../src/fleet/rollouts/rollout-server.ts";
import { type EtcdCluster, post } from "../etcd-cluster.ts";
import { etcdClusterTest, etcdTest } from "../etcd-test.ts";
import { enableAuth } from "../etcd-users.ts";
import { Folder } from "../../support/folder.ts";
import { until } from "../../test-host/until.ts";
import { Relay } from "../relay.ts";
import { untilAdmitted, untilLive } from "./gate.ts";
import {
  admitted,
  failed,
  finalization,
  held,
  live,
  now,
  rolloutIn,
  selfOf,
  serverOf,
  untilKnown,
  view,
} from "./hosts.ts";

const web1 = selfOf("web1", 0);
const web2 = selfOf("web2", 1);

/** So long that a test fails if it is waited for. */
const NEVER = 3600;

function signal(): AbortSignal {
  return new AbortController().signal;
}

/** The server of web2, which is held and asks through relays, after web1 was admitted. */
async function heldBehind(
  relays: readonly Relay[],
  other: RolloutServer,
  more: { readonly timeout?: number } = {},
): Promise<RolloutServer> {
  const urls = relays.map(({ url }) => url);
  const server = serverOf(urls, { retry: NEVER, ...more });
  await admitted(other, web1);
  await held(server, web2);
  await until("its requests are closed", () => relays.every(({ open }) => open === 0));
  return server;
}

/** Before anything happens to the cluster. */
async function joined({ endpoints }: EtcdCluster, ...hosts: readonly Self[]): Promise<void> {
  const server = serverOf(endpoints);
  for (const self of hosts) await untilKnown(async () => await server.admit(self, 0));
}

etcdTest("change: what came after the last answer is not missed", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  const other = serverOf(endpoints);
  await admitted(other, web1);
  await held(server, web2);
  await live(other, web1);
  await server.change(signal());
  await admitted(server, web2);
});

etcdTest("change: a halt, a resumption and the next rollout are told", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  const other = serverOf(endpoints);
  await admitted(other, web1);
  const because: string[] = [];
  const acts = [
    async () => rolloutIn(await other.halt("root", "stop")),
    async () => rolloutIn(await other.resume("root")),
    async () => await failed(other, web1),
    async () => await admitted(other, { ...web1, rollout: "r2", finalization: finalization(1) }),
  ];
  for (const act of acts) {
    await held(server, web2);
    const changed = server.change(signal());
    await act();
    await changed;
    because.push((await held(server, web2)).because);
  }
  assert.deepEqual(because, ["halted", "wave", "halted", "superseded"]);
});

etcdTest("change: ends with its signal, and after joinWithin", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  await admitted(server, web1);
  await held(server, web2);
  const stop = new AbortController();
  const stopped = server.change(stop.signal);
  stop.abort();
  await stopped;
  await server.change(stop.signal);
  const next = { rollout: "r2", finalization: finalization(1) };
  const soon = { ...web2, ...next, joinWithin: 0.5 };
  assert.equal((await held(server, soon)).because, "missing");
  await server.change(signal());
  assert.equal((await held(server, soon, 0.5)).because, "halted");
  const none = { ...soon, joinWithin: 0, rollout: "r3", finalization: finalization(2) };
  await held(server, none);
  await server.change(signal());
  assert.equal((await held(server, none)).because, "halted");
});

etcdTest("change: nobody who waits for the first canary asks on and on", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  const other = serverOf(endpoints);
  await held(server, web2);
  assert.equal((await held(server, web2, web2.joinWithin)).because, "missing");
  let isOver = false;
  const changed = server.change(signal()).then(() => (isOver = true));
  for (let looks = 0; looks < 5; looks++) await view(other);
  assert.equal(isOver, false);
  await admitted(other, web1);
  await live(other, web1);
  await changed;
  await admitted(server, web2);
});

etcdTest("change: a host that has left has its time to come back", async ({ endpoints }) => {
  let at = now().getTime();
  const clock = (): Date => new Date(at);
  const server = serverOf(endpoints, { retry: NEVER }, "h", clock);
  const soon = { ...web2, joinWithin: 1 };
  await admitted(server, web1);
  await held(server, soon);
  await server.leaves(web1, "cancelled");
  at += 900;
  assert.equal((await held(server, soon, 3600)).because, "missing");
  await server.change(signal());
  at += 100;
  assert.equal((await held(server, soon, 3600)).because, "halted");
});

etcdTest("change: a watch whose revision is compacted is news", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  await admitted(serverOf(endpoints), web1);
  await held(server, web2);
  // Of another group: these are no news.
  await admitted(serverOf(endpoints, { prefix: "other" }), web1);
  const answer = await post(`${endpoints[0]}/v3/kv/put`, { key: "Zm9v" });
  const head: unknown = answer?.["header"];
  assert.ok(typeof head === "object" && head !== null);
  const revision: unknown = Reflect.get(head, "revision");
  assert.notEqual(await post(`${endpoints[0]}/v3/kv/compaction`, { revision }), null);
  await server.change(signal());
});

etcdTest("change: goes on with another member when one is gone", async ({ endpoints }) => {
  const [address = ""] = endpoints;
  await using first = await Relay.listen(address);
  await using second = await Relay.listen(address);
  const other = serverOf(endpoints);
  const server = await heldBehind([first, second], other);
  let isOver = false;
  const changed = server.change(signal()).then(() => (isOver = true));
  const [near, far] = await until("one of them is watched", () => {
    if (first.open === 1) return [first, second];
    return second.open === 1 ? [second, first] : undefined;
  });
  near.cut();
  await until("the other one is watched", () => far.open === 1);
  assert.equal(isOver, false);
  await live(other, web1);
  await changed;
  // The connection is closed with the watch.
  await until("nothing is open", () => first.open + second.open === 0);
});

etcdClusterTest("change: hosts go on while each member is killed in turn", async (cluster) => {
  const server = serverOf(cluster.endpoints, { timeout: 2 });
  const other = serverOf(cluster.endpoints, { timeout: 2 });
  await joined(cluster, web1, web2);
  const waiting = untilAdmitted(server, web2);
  for (const index of [0, 1, 2]) {
    await cluster.kill(index);
    cluster.bringBack(index);
    await cluster.healthy();
  }
  await untilLive(other, web1);
  await waiting;
});

etcdClusterTest("change: without a majority it is unknown, and goes on later", async (cluster) => {
  const other = serverOf(cluster.endpoints, { timeout: 0.5 });
  const server = serverOf(cluster.endpoints, { timeout: 0.5 });
  await joined(cluster, web1, web2);
  const answers: string[] = [];
  const waiting = untilAdmitted(server, web2, (why) => answers.push(why));
  await cluster.kill(0);
  await cluster.kill(1);
  // A member that is alone ends the watch, because it has no leader.
  await until("it is unknown", () => answers.some((why) => why.startsWith("the lock server ")));
  const told = await other.ends(web1, { kind: "live" });
  assert.equal(told.kind, "unknown");
  cluster.bringBack(0);
  await untilLive(other, web1);
  await waiting;
});

etcdClusterTest("change: a frozen member delays nobody for ever", async (cluster) => {
  const other = serverOf(cluster.endpoints, { timeout: 0.5 });
  await joined(cluster, web1);
  const leader = await cluster.leader();
  await cluster.freeze(leader);
  await cluster.leader(leader);
  const servers = ["a", "b", "c", "d"].map((holder) =>
    serverOf(cluster.endpoints, { timeout: 0.5 }, holder),
  );
  const waiting = servers.map(
    async (server, index) => await untilAdmitted(server, selfOf(`w${index}`, 1)),
  );
  await untilLive(other, web1);
  await Promise.all(waiting);
  cluster.thaw(leader);
});

etcdTest("change: a member that is silent is watched beside another one", async ({ endpoints }) => {
  const [address = ""] = endpoints;
  await using first = await Relay.listen(address);
  await using second = await Relay.listen(address);
  const other = serverOf(endpoints);
  const server = await heldBehind([first, second], other, { timeout: 2 });
  let isOver = false;
  const changed = server.change(signal()).then(() => (isOver = true));
  const near = await until("one of them is watched", () => {
    return [first, second].find(({ open }) => open === 1);
  });
  near.freeze();
  await until("both are watched", () => first.open + second.open === 2);
  assert.equal(isOver, false);
  await live(other, web1);
  await changed;
  await until("nothing is open", () => first.open + second.open === 0);
  const { made } = near;
  await admitted(server, web2);
  assert.equal(near.made, made, "only the one that answers is asked");
});

etcdTest("change: a token that has expired is renewed", async (cluster) => {
  using folder = new Folder();
  const passwordFile = folder.write("password", "secret-of-root\n");
  await enableAuth(cluster.endpoints[0] ?? "");
  const user = { username: "root", passwordFile, timeout: 5 };
  const server = serverOf(cluster.endpoints, { ...user, retry: NEVER });
  const other = serverOf(cluster.endpoints, user);
  await until("the user is known", async () => (await other.admit(web1, 0)).kind === "admitted");
  await held(server, web2);
  await cluster.kill(0);
  cluster.bringBack(0);
  await until("it is back", async () => (await other.look()).kind === "known");
  // The tokens are gone with the process that gave them.
  const changed = server.change(signal());
  await live(other, web1);
  await changed;
});

test("change: without etcd it pauses, longer each time", async () => {
  const server = serverOf(["http://127.0.0.1:9"], { retry: 0.2 });
  for (let tries = 0; tries < 3; tries++) {
    assert.equal((await server.admit(web2, 0)).kind, "unknown");
    const begin = performance.now();
    await server.change(signal());
    assert.ok(performance.now() - begin >= 100);
  }
});

test("change: a server that sends no watch is paused for", async () => {
  let watches = 0;
  const server = createServer((asked, answer) => {
    if (asked.url === "/v3/watch") watches++;
    const header = { cluster_id: "1", revision: "7" };
    const found = { response_range: { header: { revision: "7" } } };
    const member = { header, succeeded: true, responses: Array.from({ length: 9 }, () => found) };
    answer.end(asked.url === "/v3/watch" ? "<html>" : JSON.stringify(member));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const rollouts = serverOf([`http://127.0.0.1:${port}`], { retry: 0.2 });
  await rollouts.preview(web2);
  const begin = performance.now();
  await rollouts.change(signal());
  assert.ok(performance.now() - begin >= 100);
  assert.equal(watches, 2);
  server.close();
});

etcdTest("change: somebody who looks on is told of each host", async ({ endpoints }) => {
  const server = serverOf(endpoints, { retry: NEVER });
  const other = serverOf(endpoints);
  await admitted(other, web1);
  await server.look();
  const waiting = server.change(signal(), "everything");
  await held(other, web2);
  await waiting;
  await server.look();
  await other.soaks(web1);
  await server.change(signal(), "everything");
});
