import assert from "node:assert/strict";
import { test } from "node:test";
import { answersAnybody, fleetLockServer } from "../../src/fleet/fleetlock.ts";
import { claimOf, fleetLockConfig } from "./configs.ts";
import { FULL, LockServer, type Reply } from "./stand-in.ts";

test("FleetLock: the requests are those of the protocol, to the letter", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockServer(fleetLockConfig(`${server.url}/base/x`, { group: "web-1.eu" }));
  assert.deepEqual(await lock.take(claimOf("a1")), { kind: "held" });
  assert.deepEqual(await lock.giveBack("a1"), { kind: "given-back" });
  const said = server.requests.map(({ method, path, headers, body }) => [
    method,
    path,
    headers["fleet-lock-protocol"],
    body,
  ]);
  const body = { client_params: { id: "a1", group: "web-1.eu" } };
  assert.deepEqual(said, [
    ["POST", "/base/x/v1/pre-reboot", "true", body],
    ["POST", "/base/x/v1/steady-state", "true", body],
  ]);
});

test("FleetLock: slashes at the end of the base make no difference", async () => {
  await using server = await new LockServer().listen();
  await fleetLockServer(fleetLockConfig(`${server.url}/base//`)).take(claimOf("a1"));
  assert.equal(server.requests[0]?.path, "/base/v1/pre-reboot");
});

test("FleetLock: asking twice is asking once, for one holder", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockServer(fleetLockConfig(server.url));
  assert.equal((await lock.take(claimOf("a1"))).kind, "held");
  assert.equal((await lock.take(claimOf("a1"))).kind, "held");
  const refused = await lock.take(claimOf("b2"));
  assert.ok(refused.kind === "refused");
  assert.match(refused.why, /semaphore full: all 1 slots locked \(failed_lock\)/);
  assert.deepEqual([(await lock.giveBack("b2")).kind, [...server.holders]], ["given-back", ["a1"]]);
});

const refusals: [string, Exclude<Reply, string>, RegExp][] = [
  ["JSON that calls itself text", { ...FULL, type: "text/plain" }, /semaphore full/],
  ["JSON that calls itself JSON", { ...FULL, type: "application/json" }, /semaphore full/],
  ["HTML", { status: 502, text: "<html>Bad Gateway</html>" }, /status 502, without a reason/],
  ["nothing", { status: 503 }, /status 503, without a reason/],
  ["a redirect, which is not followed", { status: 302, text: "" }, /status 302/],
  ["another success, which is none", { status: 204 }, /status 204/],
  ["JSON of another kind", { status: 409, text: '{"error":"x"}' }, /status 409/],
  [
    "words with control characters",
    { status: 500, text: '{"kind":"k","value":"a\\u001b[2Jb\\nc"}' },
    /: ab c \(k\)$/,
  ],
];
for (const [what, reply, why] of refusals) {
  test(`FleetLock: answered ${what}: no slot, and it says why`, async () => {
    await using server = await new LockServer().listen();
    server.reply = reply;
    const lock = fleetLockServer(fleetLockConfig(server.url));
    const taking = await lock.take(claimOf("a1"));
    assert.ok(taking.kind === "refused");
    assert.match(taking.why, why);
    assert.equal((await lock.giveBack("a1")).kind, "unknown");
  });
}

test("FleetLock: a server that hangs, cuts, or is not there: unknown, with the reason", async () => {
  const server = await new LockServer().listen();
  const { url } = server;
  const lock = fleetLockServer(fleetLockConfig(url));
  const why = async (asked = lock): Promise<string> => {
    const taking = await asked.take(claimOf("a1"));
    assert.ok(taking.kind === "unknown");
    return taking.why;
  };
  server.reply = "hang";
  const impatient = fleetLockServer(fleetLockConfig(url, { timeout: 0.1 }));
  assert.match(await why(impatient), /127\.0\.0\.1:\d+: no answer within 0\.1 s/);
  server.reply = "cut";
  assert.match(await why(), /socket hang up|ECONNRESET/);
  await server[Symbol.asyncDispose]();
  assert.match(await why(), /ECONNREFUSED/);
  assert.equal((await lock.giveBack("a1")).kind, "unknown");
});

test("FleetLock: a long word of the server is cut", async () => {
  await using server = await new LockServer().listen();
  server.reply = { status: 500, text: JSON.stringify({ kind: "k", value: "x".repeat(5000) }) };
  const taking = await fleetLockServer(fleetLockConfig(server.url)).take(claimOf("a1"));
  assert.ok(taking.kind === "refused" && taking.why.length < 400);
});

test("FleetLock: who holds the slots cannot be asked", async () => {
  const occupancy = await fleetLockServer(fleetLockConfig("http://127.0.0.1:1")).look();
  assert.equal(occupancy.kind, "unknown");
});

/** The protocol, as its document and the answers of Airlock and poseidon/fleetlock have it: notes/fleetlock.md. */
const ANSWERS: [what: string, reply: Exclude<Reply, string>, taken: string, given: string][] = [
  ["200 without a text", { status: 200 }, "held", "given-back"],
  [
    "200 with any JSON",
    { status: 200, text: "{}", type: "application/json" },
    "held",
    "given-back",
  ],
  [
    "a login page",
    { status: 200, text: "<!DOCTYPE html><title>Sign in", type: "text/html" },
    "refused",
    "unknown",
  ],
  ["302 to a login", { status: 302 }, "refused", "unknown"],
  ["201, which no server of the protocol says", { status: 201 }, "refused", "unknown"],
  ["Airlock's 500 for a full group", FULL, "refused", "unknown"],
  [
    "423 of poseidon/fleetlock",
    { status: 423, text: '{"kind":"lock_held","value":"held by b2"}' },
    "refused",
    "unknown",
  ],
  [
    "400 for an unknown group",
    { status: 400, text: '{"kind":"bad_group","value":"unknown"}' },
    "refused",
    "unknown",
  ],
  ["404 of a proxy", { status: 404, text: "404 page not found" }, "refused", "unknown"],
  ["502 of a proxy", { status: 502, text: "<html>Bad Gateway</html>" }, "refused", "unknown"],
];

for (const [what, reply, taken, given] of ANSWERS) {
  test(`FleetLock: ${what}: ${taken}, ${given}`, async () => {
    await using server = await new LockServer().listen();
    server.reply = reply;
    const lock = fleetLockServer(fleetLockConfig(server.url));
    const taking = await lock.take(claimOf("a1"));
    assert.deepEqual([taking.kind, (await lock.giveBack("a1")).kind], [taken, given]);
    for (const { method, headers, body } of server.requests) {
      assert.equal(method, "POST");
      assert.equal(headers["fleet-lock-protocol"], "true");
      assert.equal(headers["content-type"], "application/json");
      assert.deepEqual(body, { client_params: { id: "a1", group: "default" } });
    }
  });
}

test("FleetLock: a file of TLS that this host cannot read is its own fault", async () => {
  const https = "https://127.0.0.1:9";
  for (const file of ["caFile", "certFile", "keyFile"] as const) {
    const files = { [file]: "/nowhere/lock.pem" };
    const server = fleetLockServer(fleetLockConfig(https, files));
    const own = /^this host cannot read a file for TLS: .*\/nowhere\/lock\.pem/;
    for (const said of [await server.take(claimOf("a1")), await server.giveBack("a1")]) {
      assert.match("why" in said ? said.why : "", own);
    }
    const asked = await answersAnybody(fleetLockConfig(https, files), "a1");
    assert.match("why" in asked ? asked.why : "", own);
  }
  const plain = fleetLockServer(fleetLockConfig("http://127.0.0.1:9", { caFile: "/nowhere" }));
  const said = await plain.take(claimOf("a1"));
  assert.match("why" in said ? said.why : "", /^the lock server .*ECONNREFUSED/);
});
