import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { EXIT } from "../../src/core/outcome.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import { setUpSchema } from "../../src/json/set-up.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { FULL, LockServer } from "../fleet/stand-in.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { COMMIT } from "../report/reports.ts";
import { type Reply, StandInServer } from "../report/server.ts";
import { HOLDER, LockedHost } from "./locked-host.ts";

const SECRET = "planted-token-4711";

/** A host with receivers, each of which has its secrets in files. */
function hostWith(lock: LockConfig | null, report: (host: LockedHost) => object): LockedHost {
  const host = new LockedHost(lock);
  chmodSync(host.folder.write("token", SECRET), 0o600);
  const profile = host.folder.at("profiles/system");
  const config = { profile, lock, report: report(host) };
  host.folder.write("config.json", JSON.stringify(config));
  return host;
}

function gitea(host: LockedHost, url: string): object {
  const tokenFile = host.folder.at("token");
  return { kind: "gitea", url, repository: "infra/hosts", tokenFile, events: ["failed"] };
}

test("deliver --test: three receivers, of which one is wrong, and a fleet lock", async () => {
  await using forge = await StandInServer.listen();
  await using chat = await StandInServer.listen();
  await using ntfy = await StandInServer.listen();
  await using slots = await new LockServer().listen();
  chat.answers = [() => ({ status: 403, body: "action_prohibited" })];
  using host = hostWith(fleetLockConfig(slots.url), (self) => ({
    receivers: [
      gitea(self, forge.url),
      { kind: "slack", urlFile: self.folder.write("hook", `${chat.url}/${SECRET}`) },
      { kind: "ntfy", url: `${ntfy.url}/deploys` },
    ],
    metricsFile: self.folder.at("metrics/deploy_finalize.prom"),
  }));
  mkdirSync(host.folder.at("metrics"));
  mkdirSync(host.store.folder, { recursive: true });
  const said = await host.operate("deliver", "--test", "--revision", COMMIT);
  assert.equal(said.exitCode, EXIT.failed);
  const words = said.stdout.replaceAll(host.folder.path, "DIR").replaceAll(/\s+/g, " ");
  assert.equal(
    words.trim(),
    [
      "gitea works took a test status for 9f3c1b7a5d2e",
      "slack fails answered 403 The address in DIR/hook is not allowed to do this: it must be able to post to the channel.",
      "ntfy works took the test report",
      "fleet lock works gave a slot of group default and took it back",
      "metrics file works wrote DIR/metrics/deploy_finalize.prom",
    ].join(" "),
  );
  for (const line of said.stdout.split("\n")) assert.ok(line.length <= 80, line);
  const [status] = forge.received.map(({ body }) => JSON.parse(body));
  assert.equal(status.context, "deploy-finalize/web1 (test)");
  assert.equal(status.description, "a test of the set-up; nothing was deployed");
  assert.equal(status.state, "success");
  const [told] = ntfy.received.map(({ body }) => JSON.parse(body));
  assert.equal(told.title, "web1: test of deploy-finalize");
  const ids = slots.requests.map(({ path, body }) => `${path} ${JSON.stringify(body)}`);
  const parameters = JSON.stringify({ client_params: { id: `test-${HOLDER}`, group: "default" } });
  assert.deepEqual(ids, [
    `/v1/steady-state ${parameters}`,
    `/v1/pre-reboot ${parameters}`,
    `/v1/steady-state ${parameters}`,
  ]);
  assert.equal(slots.holders.size, 0);
  assert.ok(!JSON.stringify(said).includes(SECRET));
  assert.ok(!existsSync(host.folder.at("state/outbox")));
});

test("deliver --test --json: what its schema says; 0 if all works", async () => {
  await using forge = await StandInServer.listen();
  using host = hostWith(null, (self) => ({ receivers: [gitea(self, forge.url)] }));
  const said = await host.operate("deliver", "--test", "--json", "--revision", COMMIT);
  assert.equal(said.exitCode, EXIT.done);
  const printed: unknown = JSON.parse(said.stdout);
  assert.deepEqual(v.parse(setUpSchema, printed), printed);
});

test("deliver --test: a webhook and a command get a mark, and no state of a deploy", async () => {
  await using hook = await StandInServer.listen();
  using host = hostWith(null, () => ({ receivers: [{ kind: "webhook", url: hook.url }] }));
  assert.equal((await host.operate("deliver", "--test")).exitCode, EXIT.done);
  const event = JSON.parse(hook.received[0]?.body ?? "");
  assert.deepEqual([event.test, event.event], [true, "cancelled"]);
});

const WRONG: [what: string, reply: Reply, advice: RegExp][] = [
  ["a token that has expired", { status: 401 }, /token in \S+ is wrong or has expired/],
  ["a token without a right", { status: 403 }, /must be able to write to the repository/],
  ["another repository", { status: 404 }, /Check the repository and the commit/],
  ["a login page", { status: 200, body: "<html>" }, /Something else answers at url/],
  ["a redirect", { status: 302 }, /Set url .* to the address to which it redirects/],
  ["a fault of the server", { status: 502 }, /The server has a fault/],
];

for (const [what, reply, advice] of WRONG) {
  test(`deliver --test: ${what}: what to do`, async () => {
    await using forge = await StandInServer.listen();
    forge.answers = [() => reply];
    using host = hostWith(null, (self) => ({ receivers: [gitea(self, forge.url)] }));
    const said = await host.operate("deliver", "--test", "--revision", COMMIT);
    assert.match(said.stdout.replaceAll(/\s+/g, " "), advice);
    assert.equal(said.exitCode, EXIT.failed);
  });
}

test("deliver --test: a server that wants a token: says which setting is missing", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => ({ status: 403, body: '{"code":40301,"http":403}' })];
  const url = `${server.url}/deploys`;
  using host = hostWith(null, () => ({ receivers: [{ kind: "ntfy", url }] }));
  const said = await host.operate("deliver", "--test");
  assert.match(
    said.stdout.replaceAll(/\s+/g, " "),
    /Set tokenFile: the server must see that this host may write to the topic\./,
  );
});

const UNREACHABLE: [what: string, url: string, advice: RegExp][] = [
  ["a name that is not there", "http://name.invalid", /No address is known for the name/],
  ["a port where nothing listens", "http://127.0.0.1:9", /Nothing listens there/],
];

for (const [what, url, advice] of UNREACHABLE) {
  test(`deliver --test: ${what}: what to do`, async () => {
    using host = hostWith(null, (self) => ({ receivers: [gitea(self, url)] }));
    const said = await host.operate("deliver", "--test", "--revision", COMMIT);
    assert.match(said.stdout.replaceAll(/\s+/g, " "), advice);
  });
}

test("deliver --test: no commit, no token, a full lock", async () => {
  await using slots = await new LockServer().listen();
  slots.reply = FULL;
  using host = hostWith(fleetLockConfig(slots.url), (self) => ({
    receivers: [
      gitea(self, "http://127.0.0.1:9"),
      { kind: "gotify", url: "http://127.0.0.1:9", tokenFile: self.folder.at("absent") },
    ],
    metricsFile: self.folder.at("absent/deploy_finalize.prom"),
  }));
  const text = (await host.operate("deliver", "--test")).stdout.replaceAll(/\s+/g, " ");
  assert.match(text, /gitea fails no commit to report on: the revision is unknown/);
  assert.match(text, /gotify fails the secret \S+absent does not exist Put the secret there/);
  assert.match(text, /fleet lock fails .*all 1 slots locked.* test again later/);
  assert.match(text, /metrics file fails .*ENOENT.* its folder has to be there/);
});

test("deliver --test: asks receivers and the fleet lock through the proxy", async () => {
  await using hook = await StandInServer.listen();
  await using toHook = await ProxyServer.listen(hook.port);
  await using slots = await new LockServer().listen();
  const lock = fleetLockConfig("http://slots.invalid");
  const receivers = [{ kind: "webhook", url: "http://hook.invalid/" }];
  using host = new LockedHost(lock);
  const configured = async (proxy: string, more: object): Promise<number> => {
    const file = { profile: host.folder.at("profiles/system"), proxy: { http: proxy }, ...more };
    host.folder.write("config.json", JSON.stringify(file));
    return (await host.operate("deliver", "--test")).exitCode;
  };
  assert.equal(await configured(toHook.url, { report: { receivers } }), EXIT.done);
  await using toSlots = await ProxyServer.listen(Number(new URL(slots.url).port));
  assert.equal(await configured(toSlots.url, { lock }), EXIT.done);
  assert.deepEqual([toHook.asked.length, toSlots.asked.length], [1, 3]);
  assert.equal((await host.operate("lock", "release", "--yes")).exitCode, EXIT.done);
  assert.equal(toSlots.asked.length, 4);
});

test("deliver --test: nothing to test, and options that need it", async () => {
  const noSlotsLock = etcdConfig(["http://127.0.0.1:9"], { for: [] });
  using noSlots = new LockedHost(noSlotsLock, { fleet: { wave: 0 } });
  const rollouts = await noSlots.operate("deliver", "--test");
  assert.equal(rollouts.exitCode, EXIT.failed);
  assert.match(rollouts.stdout, /^rollouts {2}fails\n.*\n +Nothing listens there/);
  using host = hostWith(null, () => ({}));
  const nothing = await host.operate("deliver", "--test");
  assert.equal(nothing.exitCode, EXIT.failed);
  assert.match(nothing.stderr, /nothing to test/);
  assert.equal((await host.operate("deliver", "--revision", COMMIT)).exitCode, EXIT.usage);
});

etcdTest("deliver --test: a slot of etcd, which leaves nothing behind", async (cluster) => {
  const lock = etcdConfig(cluster.endpoints);
  using host = hostWith(lock, () => ({}));
  const said = await host.operate("deliver", "--test");
  assert.equal(
    said.stdout,
    "fleet lock  works\n            gave a slot of group default and took it back\n",
  );
  const { EtcdSlots } = await import("../../src/fleet/etcd.ts");
  const seen = await new EtcdSlots(lock, () => new Date(), 0).look();
  assert.deepEqual(seen.kind === "known" ? seen.holders : seen, []);
});
