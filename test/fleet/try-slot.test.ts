import assert from "node:assert/strict";
import { test } from "node:test";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import type { ProxyConfig } from "../../src/core/config/proxy-config.ts";
import { trySlot } from "../../src/fleet/try-slot.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { type Received, type Reply as Answer, StandInServer } from "../report/server.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { etcdConfig, fleetLockConfig } from "./configs.ts";
import { FULL, LockServer, NO_HEADER, type Reply } from "./stand-in.ts";

const NONE: ProxyConfig = { http: null, https: null, except: [] };

/** What a try says, with its advice after an arrow. */
async function tried(lock: LockConfig, proxy = NONE): Promise<string> {
  using host = new EdgeHost();
  const said = await trySlot(host, { ...lock, id: "a1" }, proxy, "web1");
  return said.kind === "works" ? said.how : `${said.why} → ${said.advice}`;
}

/** Says no to what is no request of the protocol, and this to what is one. */
async function fleetLockSaying(reply: Reply, timeout = 60): Promise<string> {
  await using server = await new LockServer().listen();
  server.onRequest = () => {
    const isAsked = server.requests.at(-1)?.headers["fleet-lock-protocol"] === "true";
    server.reply = isAsked ? reply : NO_HEADER;
  };
  return await tried(fleetLockConfig(server.url, { timeout }));
}

test("try of FleetLock: a server that grants everything is none", async () => {
  for (const body of ["", "ok", {}]) {
    await using proxy = await StandInServer.listen();
    proxy.answers = [() => ({ status: 200, body })];
    assert.match(await tried(fleetLockConfig(proxy.url)), /^something else answers at lock\.url/);
    assert.equal(proxy.received.length, 1);
  }
});

test("try of FleetLock: goes through the proxy", async () => {
  await using server = await new LockServer().listen();
  await using proxy = await ProxyServer.listen(Number(new URL(server.url).port));
  const through = { http: proxy.url, https: null, except: [] };
  const said = await tried(fleetLockConfig("http://never.invalid"), through);
  assert.equal(said, "gave a slot of group default and took it back");
  assert.equal(proxy.asked.length, 3);
});

const ANSWERS: [what: string, reply: Reply, advice: RegExp][] = [
  ["all slots are taken", FULL, /all 1 slots locked .* → If all slots are taken, test again later/],
  [
    "404 of another server",
    { status: 404, text: "404 page not found" },
    /status 404, .* → Check the path before \/v1\/pre-reboot, lock\.url \(http/,
  ],
  [
    "302 to a login",
    { status: 302 },
    /→ Set lock\.url \(.*\) to the address to which it redirects/,
  ],
  [
    "a login page",
    { status: 200, text: "<!DOCTYPE html><title>Sign in" },
    /→ Something else answers at lock\.url/,
  ],
  ["403 of a proxy", { status: 403 }, /→ Set lock\.certFile and lock\.keyFile/],
  [
    "502 of a proxy",
    { status: 502 },
    /→ The server has a fault, or a proxy cannot reach it: lock\.url/,
  ],
];

for (const [what, reply, advice] of ANSWERS) {
  test(`try of FleetLock: ${what}: what to do`, async () => {
    assert.match(await fleetLockSaying(reply), advice);
  });
}

test("try of FleetLock: without an answer, the test slot is named that may be held", async () => {
  const said = await fleetLockSaying("hang", 3);
  assert.match(said, /the test slot test-a1 may be held: .*no answer within 3 s/);
  const back = "Then give the test slot back: deploy-finalize lock release --holder test-a1";
  assert.ok(said.endsWith(back) && said.includes("→ Nothing answers in time: check"), said);
});

const UNREACHABLE: [what: string, address: string, advice: RegExp][] = [
  [
    "a port where nothing listens",
    "http://127.0.0.1:9",
    /→ Nothing listens there: check the port in/,
  ],
  ["a name that is not there", "http://name.invalid", /→ No address is known for the name: check/],
];

for (const [what, address, advice] of UNREACHABLE) {
  test(`try of a slot: ${what}: what to do, in the words of the back end`, async () => {
    const [fleetLock, etcd] = [
      await tried(fleetLockConfig(address)),
      await tried(etcdConfig([address])),
    ];
    for (const said of [fleetLock, etcd]) assert.match(said, advice);
    assert.ok(fleetLock.includes(`lock.url (${address})`), fleetLock);
    assert.ok(etcd.includes(`lock.endpoints (${address})`), etcd);
  });
}

const HEADER = { cluster_id: "1", member_id: "1" };

/** An etcd that answers one path as told, and grants the rest. */
async function etcdSaying(
  answers: Readonly<Record<string, Answer>>,
  config: (url: string) => LockConfig = (url) => etcdConfig([url]),
): Promise<{ readonly said: string; readonly received: readonly Received[] }> {
  await using server = await StandInServer.listen();
  const granted: Readonly<Record<string, object>> = {
    "/v3/auth/authenticate": { header: HEADER, token: "t" },
    "/v3/lease/grant": { header: HEADER, ID: "77", TTL: "60" },
    "/v3/kv/range": { header: HEADER },
    "/v3/kv/txn": { header: HEADER, succeeded: true },
  };
  server.answers = [({ path }) => answers[path] ?? { status: 200, body: granted[path] ?? {} }];
  return { said: await tried(config(server.url)), received: server.received };
}

test("try of etcd: the slot hangs on a lease of a minute", async () => {
  const { said, received } = await etcdSaying({});
  assert.equal(said, "gave a slot of group default and took it back");
  assert.deepEqual(
    received.map(({ path }) => path),
    ["/v3/lease/grant", "/v3/kv/range", "/v3/kv/txn", "/v3/kv/range", "/v3/kv/txn"],
  );
  assert.deepEqual(JSON.parse(received[0]?.body ?? ""), { TTL: 60 });
  const puts: object[] = JSON.parse(received[2]?.body ?? "").success;
  const leases = puts.map((put) => JSON.stringify(put).includes('"lease":"77"'));
  assert.deepEqual(leases, [false, true, true]);
});

const error = (status: number, message: string): Answer => ({ status, body: { message, code: 1 } });

const OF_ETCD: [what: string, path: string, reply: Answer, advice: RegExp][] = [
  [
    "a user without the role",
    "/v3/kv/range",
    error(403, "etcdserver: permission denied"),
    /→ Set lock\.username and lock\.passwordFile: .* read and write below deploy-finalize\/default\//,
  ],
  [
    "nobody, where users are needed",
    "/v3/lease/grant",
    error(400, "etcdserver: user name is empty"),
    /→ Set lock\.username/,
  ],
  [
    "a proxy's empty object",
    "/v3/lease/grant",
    { status: 200, body: {} },
    /→ Something else answers at/,
  ],
  [
    "404 of another server",
    "/v3/lease/grant",
    { status: 404, body: "" },
    /→ Check the version of etcd/,
  ],
];

for (const [what, path, reply, advice] of OF_ETCD) {
  test(`try of etcd: ${what}: what to do`, async () => {
    const { said } = await etcdSaying({ [path]: reply });
    assert.match(said, advice);
  });
}

test("try of etcd: a wrong password, and users where there are none", async () => {
  using host = new EdgeHost();
  const passwordFile = host.folder.write("password", "planted");
  const withUser = (url: string): LockConfig =>
    etcdConfig([url], { username: "host", passwordFile });
  const path = "/v3/auth/authenticate";
  const wrong = error(400, "etcdserver: authentication failed, invalid user ID or password");
  const { said } = await etcdSaying({ [path]: wrong }, withUser);
  assert.match(said, /→ The user host with the password in \S+password is wrong or has expired/);
  const none = error(412, "etcdserver: authentication is not enabled");
  const other = await etcdSaying({ [path]: none }, withUser);
  assert.match(other.said, /→ This etcd knows no users: remove lock\.username/);
});
