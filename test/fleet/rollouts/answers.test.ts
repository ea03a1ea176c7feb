import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { Failure, Halt, Rollout } from "../../../src/core/fleet/rollout.ts";
import { answerIn, isNews, watchedIn } from "../../../src/fleet/rollouts/etcd/answers.ts";
import { Keys } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { put, revisionAfter, transactionOf } from "../../../src/fleet/rollouts/etcd/requests.ts";
import { rolloutServerFor } from "../../../src/fleet/rollouts/server-for.ts";
import { fleetLockConfig } from "../configs.ts";
import { post } from "../etcd-cluster.ts";
import { etcdTest } from "../etcd-test.ts";
import { admitted, known, now, selfOf, serverOf } from "./hosts.ts";

const KEYS = new Keys("deploy-finalize", "web");
const AT = now().toISOString();

const rollout: Rollout = {
  schemaVersion: 1,
  seq: 3,
  name: "r1",
  startedAt: AT,
  startedBy: "web1",
  halt: null,
  failures: [],
  forgiven: 0,
};
const failure: Failure = { id: "a", host: "a", wave: 0, finalization: "f", why: "no", at: AT };
const halt: Halt = { at: AT, by: "root", why: "stop", kind: "operator" };

const NEWS: [what: string, now: Partial<Rollout>, isNews: boolean][] = [
  ["nothing has changed", {}, false],
  ["a host has failed, and the rollout goes on", { failures: [failure] }, false],
  ["a host has failed, and the rollout is halted", { failures: [failure], halt }, true],
  ["the failures are forgiven", { failures: [failure], forgiven: 1 }, true],
  ["the next rollout has begun", { seq: 4 }, true],
];

for (const [what, more, expected] of NEWS) {
  test(`change: ${expected ? "wakes" : "wakes nobody"} if ${what}`, () => {
    const entry = { key: KEYS.control, value: JSON.stringify({ ...rollout, ...more }), mod: "9" };
    assert.equal(isNews(KEYS, entry, rollout), expected);
    assert.equal(isNews(KEYS, entry, null), true);
  });
}

test("change: a complete wave, a removal and a foreign value wake", () => {
  assert.ok(isNews(KEYS, { key: KEYS.passed, value: "{}", mod: "9" }, rollout));
  assert.ok(isNews(KEYS, "removed", rollout));
  assert.ok(isNews(KEYS, { key: KEYS.control, value: "rubbish", mod: "9" }, rollout));
});

test("answers: a watch that has ended says why, as 3.4 and 3.6 say it", () => {
  for (const line of [
    '{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}}',
    '{"error":{"code":14,"message":"etcdserver: no leader","details":[]}}',
    '{"result":{"created":true,"canceled":true,"cancel_reason":"etcdserver: no leader"}}',
  ]) {
    assert.throws(() => watchedIn(line), /^Error: etcdserver: no leader$/);
  }
  assert.throws(() => watchedIn("<html>"), /sent no answer of a watch/);
});

test("answers: 64 bits stay exact, and an answer of somebody else is none", () => {
  const revision = "9007199254740993";
  const answer = answerIn({ header: { cluster_id: "1", revision } });
  assert.equal(revisionAfter(answer.revision), "9007199254740994");
  for (const other of [null, {}, [], { header: {} }, { header: { cluster_id: "1" } }]) {
    assert.throws(() => answerIn(other), { name: "ValiError" });
  }
});

test("rollouts: a server of FleetLock is refused with a clear text", () => {
  const lock = fleetLockConfig("https://lock.example.org");
  assert.throws(
    () => rolloutServerFor(lock, { group: null }, "h", now, DEFAULT_CONFIG.proxy),
    /fleet needs lock\.backend = "etcd"/,
  );
});

etcdTest(
  "rollouts: the newest hundred are told, and a thousand are kept",
  async ({ endpoints }) => {
    const past = { ...rollout, endedAt: AT, live: 1, members: 1 };
    const seqs = [...Array.from({ length: 5 }, (_, index) => index + 1), 1500];
    const request = transactionOf(
      [],
      [
        put(KEYS.control, { ...rollout, seq: 1501 }),
        ...seqs.map((seq) => put(KEYS.past(seq), { ...past, seq })),
        ...Array.from({ length: 110 }, (_, index) => index + 600).map((seq) =>
          put(KEYS.past(seq), { ...past, seq }),
        ),
      ],
    );
    assert.notEqual(await post(`${endpoints[0]}/v3/kv/txn`, request), null);
    const server = serverOf(endpoints);
    assert.equal((await admitted(server, selfOf("web1", 0, { rollout: "r2" }))).seq, 1502);
    const told = known(await server.history()).past.map(({ seq }) => seq);
    assert.deepEqual(told.slice(0, 3), [1501, 1500, 709]);
    assert.equal(told.length, 100);
    const oldest = await post(`${endpoints[0]}/v3/kv/range`, {
      key: Buffer.from(KEYS.history.key).toString("base64"),
      range_end: Buffer.from(KEYS.past(600)).toString("base64"),
    });
    assert.equal(oldest?.["kvs"], undefined);
  },
);
