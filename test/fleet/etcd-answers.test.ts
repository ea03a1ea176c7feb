import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { type Received, type Reply, StandInServer } from "../report/server.ts";
import { Folder } from "../support/folder.ts";
import { claimOf, etcdConfig } from "./configs.ts";

// The JSON gateway, as its document and the answers of real members have it: notes/etcd-gateway.md.
// Versions up to 3.5 put `error` beside `message`, 3.6 puts `details`.

const header = {
  cluster_id: "14841639068965178418",
  member_id: "1",
  revision: "7",
  raft_term: "2",
};
const base64 = v.pipe(v.string(), v.base64());

const REQUESTS: Readonly<Record<string, v.GenericSchema>> = {
  "/v3/kv/range": v.strictObject({ key: base64, range_end: base64 }),
  "/v3/kv/txn": v.strictObject({
    compare: v.array(
      v.strictObject({
        key: base64,
        target: v.literal("MOD"),
        result: v.literal("EQUAL"),
        mod_revision: v.pipe(v.string(), v.digits()),
      }),
    ),
    success: v.array(
      v.union([
        v.strictObject({
          request_put: v.strictObject({
            key: base64,
            value: base64,
            lease: v.optional(v.string()),
          }),
        }),
        v.strictObject({ request_delete_range: v.strictObject({ key: base64 }) }),
      ]),
    ),
  }),
};

/** Of the requests about leases and users. */
const OTHERS: Readonly<Record<string, v.GenericSchema>> = {
  "/v3/lease/grant": v.strictObject({ TTL: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  "/v3/lease/keepalive": v.strictObject({ ID: v.pipe(v.string(), v.digits()) }),
  "/v3/auth/authenticate": v.strictObject({ name: v.string(), password: v.string() }),
};

const EMPTY: Reply = { status: 200, body: { header } };
const DONE: Reply = { status: 200, body: { header, succeeded: true } };

function failure(status: number, code: number, message: string): [old: Reply, current: Reply] {
  const old = { error: message, message, code };
  return [
    { status, body: old },
    { status, body: { code, message, details: [] } },
  ];
}

/** What the gateway answers to a transaction, and what then is known. */
const ANSWERS: [what: string, replies: readonly Reply[], taken: string, given: string][] = [
  ["200 and succeeded", [DONE], "held", "given-back"],
  [
    "200, and others were faster",
    [EMPTY, { status: 200, body: { header, succeeded: false } }],
    "unknown",
    "unknown",
  ],
  [
    "401 for an unknown token",
    failure(401, 16, "etcdserver: invalid auth token"),
    "unknown",
    "unknown",
  ],
  [
    "403 for a user without the role",
    failure(403, 7, "etcdserver: permission denied"),
    "unknown",
    "unknown",
  ],
  ["400 without a user", failure(400, 3, "etcdserver: user name is empty"), "unknown", "unknown"],
  [
    "404 for a lease that has run out",
    failure(404, 5, "etcdserver: requested lease not found"),
    "unknown",
    "unknown",
  ],
  ["503 without a leader", failure(503, 14, "etcdserver: leader changed"), "unknown", "unknown"],
  [
    "504 of a member that is cut off",
    failure(504, 4, "context deadline exceeded"),
    "unknown",
    "unknown",
  ],
  ["an empty object of a proxy", [{ status: 200, body: {} }], "unknown", "unknown"],
  ["success without a header", [{ status: 200, body: { succeeded: true } }], "unknown", "unknown"],
  ["a login page", [{ status: 200, body: "<html>Sign in</html>" }], "unknown", "unknown"],
  ["302 to a login", [{ status: 302, headers: { Location: "/login" } }], "unknown", "unknown"],
];

for (const [what, replies, taken, given] of ANSWERS) {
  for (const [index, reply] of replies.entries()) {
    test(`etcd: ${what}${index === 0 ? "" : ", as 3.6 says it"}: ${taken}, ${given}`, async () => {
      await using server = await StandInServer.listen();
      server.answers = [({ path }: Received) => (path === "/v3/kv/range" ? EMPTY : reply)];
      const slots = new EtcdSlots(etcdConfig([server.url]), () => new Date(), 0);
      const taking = await slots.take(claimOf("a"));
      assert.deepEqual([taking.kind, (await slots.giveBack("a")).kind], [taken, given]);
      for (const { method, path, headers, body } of server.received) {
        assert.equal(method, "POST");
        assert.equal(headers["content-type"], "application/json");
        v.parse(REQUESTS[path] ?? v.never(), JSON.parse(body));
      }
    });
  }
}

for (const [what, reply] of [
  ["an empty object of a proxy", { status: 200, body: {} }],
  ["a list", { status: 200, body: [] }],
  ["an empty 200", { status: 200, body: "" }],
  ["a login page", { status: 200, body: "<html>Sign in</html>" }],
] as const) {
  test(`etcd: ${what} is no empty group`, async () => {
    await using server = await StandInServer.listen();
    server.answers = [() => reply];
    const slots = new EtcdSlots(etcdConfig([server.url]), () => new Date(), 0);
    assert.equal((await slots.look()).kind, "unknown");
    assert.equal((await slots.take(claimOf("a"))).kind, "unknown");
  });
}

/** What the gateway answers about leases, and what then is known. */
const LEASES: [what: string, path: string, replies: readonly Reply[], known: string][] = [
  ["a lease", "grant", [{ status: 200, body: { header, ID: "77", TTL: "60" } }], "lease"],
  ["a lease that goes on", "keepalive", [alive({ header, ID: "77", TTL: "60" })], "renewed"],
  ["a lease that has run out", "keepalive", [alive({ header, ID: "77" })], "gone"],
  [
    "a lease that etcd does not know",
    "keepalive",
    failure(404, 5, "etcdserver: requested lease not found"),
    "unknown",
  ],
  [
    "401 for an unknown token",
    "grant",
    failure(401, 16, "etcdserver: invalid auth token"),
    "unknown",
  ],
  ["an empty object of a proxy", "grant", [{ status: 200, body: {} }], "unknown"],
  ["an id without a header", "grant", [{ status: 200, body: { ID: "77", TTL: "60" } }], "unknown"],
  ["an empty object of a proxy", "keepalive", [{ status: 200, body: {} }], "unknown"],
  ["an empty result", "keepalive", [alive({})], "unknown"],
];

function alive(result: object): Reply {
  return { status: 200, body: { result } };
}

for (const [what, path, replies, known] of LEASES) {
  for (const [index, reply] of replies.entries()) {
    test(`etcd: ${path}: ${what}${index === 0 ? "" : ", as 3.6 says it"}: ${known}`, async () => {
      await using server = await StandInServer.listen();
      server.answers = [() => reply];
      const slots = new EtcdSlots(etcdConfig([server.url], { lease: 60 }), () => new Date(), 0);
      const said = path === "grant" ? await slots.newLease() : await slots.renew("77");
      assert.equal(said.kind, known);
      const [asked] = server.received;
      assert.equal(asked?.path, `/v3/lease/${path}`);
      v.parse(OTHERS[asked.path] ?? v.never(), JSON.parse(asked.body));
    });
  }
}

test("etcd: a user is known by a token, and asked for anew when that has expired", async () => {
  using folder = new Folder();
  await using server = await StandInServer.listen();
  const passwordFile = folder.write("password", "planted\n");
  const config = etcdConfig([server.url], { username: "host", passwordFile });
  let tokens = 0;
  server.answers = [
    ({ path, headers }) => {
      if (path.endsWith("/authenticate"))
        return { status: 200, body: { header, token: `t${++tokens}` } };
      const isKnown = headers.authorization === "t2";
      return isKnown ? EMPTY : { status: 401, body: { code: 16, message: "invalid auth token" } };
    },
  ];
  const slots = new EtcdSlots(config, () => new Date(), 0);
  assert.equal((await slots.look()).kind, "known");
  const asked = server.received.filter(({ path }) => path.endsWith("/authenticate"));
  assert.equal(asked.length, 2);
  for (const { path, body } of asked) {
    assert.deepEqual(v.parse(OTHERS[path] ?? v.never(), JSON.parse(body)), {
      name: "host",
      password: "planted",
    });
  }
  for (const reply of failure(412, 9, "etcdserver: authentication is not enabled")) {
    server.answers = [() => reply];
    const said = await new EtcdSlots(config, () => new Date(), 0).look();
    assert.ok(said.kind === "unknown" && said.why.includes("authentication is not enabled"));
  }
});
