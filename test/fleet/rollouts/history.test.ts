import assert from "node:assert/strict";
import { type PastRollout, pastRolloutSchema } from "../../../src/core/fleet/rollout.ts";
import { answerIn, foundIn, valueOf } from "../../../src/fleet/rollouts/etcd/answers.ts";
import { Keys } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { type Operation, put, transactionOf } from "../../../src/fleet/rollouts/etcd/requests.ts";
import { post } from "../etcd-cluster.ts";
import { etcdTest } from "../etcd-test.ts";
import { admitted, finalization, now, selfOf, serverOf } from "./hosts.ts";

const KEYS = new Keys("deploy-finalize", "web");
const NAMES = { key: `${KEYS.base}name/`, end: `${KEYS.base}name0` };

function past(seq: number, name: string): PastRollout {
  const at = now().toISOString();
  const begun = {
    schemaVersion: 1,
    seq,
    name,
    startedAt: at,
    startedBy: "web1",
    halt: null,
  } as const;
  return { ...begun, failures: [], forgiven: 0, endedAt: at, live: 1, members: 1 };
}

/** The names that etcd has, and the numbers of the rollouts in the history. */
async function keptIn(endpoint = ""): Promise<[names: string[], past: number[]]> {
  const looks = [NAMES, KEYS.history].map((range) => ({ kind: "look", range }) as const);
  const answer = answerIn(await post(`${endpoint}/v3/kv/txn`, transactionOf([], looks)));
  const names = foundIn(answer, 0).entries.map(({ key }) => key.slice(NAMES.key.length));
  const all = foundIn(answer, 1).entries.map((entry) => valueOf(pastRolloutSchema, entry).seq);
  return [names, all];
}

etcdTest(
  "rollout: a thousand rollouts back, a name is forgotten with its last rollout",
  async (cluster) => {
    const [endpoint] = cluster.endpoints;
    // The current one is the 1003rd, so the next one forgets those before the third.
    const has = [past(1, "once"), past(2, "twice"), past(3, "kept"), past(900, "twice")];
    const operations: Operation[] = [
      ...has.map((one) => put(KEYS.past(one.seq), one)),
      put(KEYS.named("once"), { seq: 1 }),
      put(KEYS.named("twice"), { seq: 900 }),
      put(KEYS.named("kept"), { seq: 3 }),
      put(KEYS.named("now"), { seq: 1003 }),
      put(KEYS.control, { ...past(1003, "now"), startedFor: finalization(1) }),
    ];
    assert.notEqual(await post(`${endpoint}/v3/kv/txn`, transactionOf([], operations)), null);
    const server = serverOf(cluster.endpoints);
    const next = selfOf("web1", 0, { rollout: "next", finalization: finalization(2) });
    await admitted(server, next);
    const expected = [
      ["kept", "next", "now", "twice"],
      [3, 900, 1003],
    ];
    assert.deepEqual(await keptIn(endpoint), expected);
  },
);

const LIVE = {
  schemaVersion: 1,
  id: "id-web1",
  host: "web1",
  wave: 0,
  seq: 1003,
  generation: 7,
  state: "live",
  since: now().toISOString(),
  why: null,
} as const;

etcdTest("rollout: a name that comes back when its old rollout is forgotten", async (cluster) => {
  const [endpoint] = cluster.endpoints;
  const operations: Operation[] = [
    put(KEYS.past(1), past(1, "old")),
    put(KEYS.named("old"), { seq: 1 }),
    put(KEYS.control, { ...past(1003, "now"), startedFor: finalization(1) }),
    put(KEYS.where("id-web1"), { wave: 0 }),
    put(KEYS.roster(0), {}),
    put(KEYS.of("member", 0, "id-web1"), { ...LIVE, finalization: finalization(1) }),
  ];
  assert.notEqual(await post(`${endpoint}/v3/kv/txn`, transactionOf([], operations)), null);
  const again = selfOf("web1", 0, { rollout: "old", finalization: finalization(2) });
  assert.equal((await admitted(serverOf(cluster.endpoints), again)).seq, 1004);
  assert.deepEqual(await keptIn(endpoint), [["old"], [1003]]);
});
