import assert from "node:assert/strict";
import type { Member, Rollout } from "../../../src/core/fleet/rollout.ts";
import { Keys } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { type Operation, put, transactionOf } from "../../../src/fleet/rollouts/etcd/requests.ts";
import { post } from "../etcd-cluster.ts";
import { etcdTest } from "../etcd-test.ts";
import { admitted, held, known, now, selfOf, serverOf, view } from "./hosts.ts";

const KEYS = new Keys("deploy-finalize", "web");
const HOSTS = 2000;
const AT_ONCE = 120;

const ROLLOUT: Rollout = {
  schemaVersion: 1,
  seq: 1,
  name: "r1",
  startedAt: now().toISOString(),
  startedBy: "h0",
  halt: null,
  failures: [],
  forgiven: 0,
};

function memberAt(index: number): Member {
  const { id, host, finalization, generation } = selfOf(`h${String(index).padStart(4, "0")}`, 0);
  const wave = index % 5;
  const why = "waits for the hosts of a lower wave ".repeat(8);
  return {
    schemaVersion: 1,
    id,
    host,
    wave,
    seq: 1,
    finalization,
    generation,
    state: "waiting",
    since: now().toISOString(),
    why,
  };
}

/** Members of five waves, all of which are known; 90 of wave 0 have not joined. */
function operations(): Operation[] {
  const hosts = Array.from({ length: HOSTS }, (_, index) => index).flatMap((index) => {
    const member = memberAt(index);
    const { wave, id } = member;
    const isAbsent = wave === 0 && index < 450;
    return [
      put(KEYS.where(id), { wave }),
      put(KEYS.of("member", wave, id), { ...member, seq: isAbsent ? 0 : 1 }),
      ...(isAbsent ? [] : [put(KEYS.of("seen", wave, id), {})]),
    ];
  });
  const rosters = [0, 1, 2, 3, 4].map((wave) => put(KEYS.roster(wave), {}));
  return [...hosts, ...rosters, put(KEYS.control, ROLLOUT), put(KEYS.named("r1"), { seq: 1 })];
}

etcdTest("rollout: a group of 2,000 hosts is looked at and goes on", async ({ endpoints }) => {
  const all = operations();
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const request = transactionOf([], all.slice(at, at + AT_ONCE));
    assert.notEqual(await post(`${endpoints[0]}/v3/kv/txn`, request), null);
  }
  const server = serverOf(endpoints);
  const { waves } = await view(server);
  assert.deepEqual(
    waves.map(({ members }) => members.length),
    [400, 400, 400, 400, 400],
  );
  assert.equal(
    waves.flatMap(({ members }) => members).filter((each) => !each.hasJoined).length,
    90,
  );
  const last = selfOf("last", 9, { onMissing: "go-on-without" });
  const waits = await held(server, last);
  assert.equal(
    waits.why,
    "waits for wave 0: 0 of 400 hosts have ended live (then for 4 more waves)",
  );
  assert.equal((await held(server, last, 3600)).because, "wave");
  const again = await view(server);
  const marked = again.waves.flatMap(({ members }) => members).filter(({ done }) => done !== null);
  assert.equal(marked.length, 90);
  const told = known(await server.ends(await joined("h0451"), { kind: "live" }));
  assert.ok(told.kind === "told");
  assert.deepEqual(
    { ...told.progress, rollout: null },
    { rollout: null, waves: 6, complete: 0, members: 2001, live: 1 },
  );

  async function joined(host: string): Promise<ReturnType<typeof selfOf>> {
    const self = selfOf(host, 0);
    await admitted(server, self);
    return self;
  }
});
