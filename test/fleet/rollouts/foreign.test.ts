import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Keys } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { encode } from "../../../src/fleet/etcd-values.ts";
import { EtcdSlots } from "../../../src/fleet/etcd.ts";
import { Folder } from "../../support/folder.ts";
import { claimOf, etcdConfig } from "../configs.ts";
import { post } from "../etcd-cluster.ts";
import { etcdTest } from "../etcd-test.ts";
import { admitted, held, live, now, rolloutIn, selfOf, serverOf, states } from "./hosts.ts";

const KEYS = new Keys("deploy-finalize", "web");
const web1 = selfOf("web1", 0);
const web2 = selfOf("web2", 1);

/** Values of other programs, and of a newer version of this one. */
const RUBBISH = ["", "rubbish", "null", "[]", '{"schemaVersion":2}', '"\u0000'];

etcdTest("foreign values under the keys: unknown, with the key", async ({ endpoints }) => {
  const write = async (key: string, value: string): Promise<void> => {
    const request = { key: encode(key), value: encode(value) };
    assert.notEqual(await post(`${endpoints[0]}/v3/kv/put`, request), null);
  };
  const server = serverOf(endpoints);
  const places = [
    KEYS.control,
    KEYS.where("id-web1"),
    KEYS.of("member", 0, "id-web1"),
    KEYS.of("done", 0, "id-web1"),
    KEYS.named("r1"),
  ];
  for (const key of places) {
    for (const value of RUBBISH) {
      await write(key, value);
      const answers = [
        await server.admit(web1, 0),
        await server.preview(web1),
        await server.ends(web1, { kind: "live" }),
        await server.soaks(web1),
      ];
      for (const answer of answers) {
        assert.ok(answer.kind === "unknown", `${key}: ${JSON.stringify(answer)}`);
        assert.ok(
          answer.why.includes(`a foreign value, or that of a newer deploy-finalize, under ${key}`),
        );
      }
    }
    await post(`${endpoints[0]}/v3/kv/deleterange`, { key: encode(key) });
  }
  await admitted(server, web1);
  // The status names the key too; an operator can still halt, and forget that host.
  await write(KEYS.of("member", 0, "id-web1"), "rubbish");
  const look = await server.look();
  assert.ok(look.kind === "unknown" && look.why.includes("member/0000/id-web1"));
  rolloutIn(await server.forget("id-web1"));
  assert.deepEqual(await states(server), []);
  await write(`${KEYS.history.key}00000001`, "rubbish");
  assert.equal((await server.history()).kind, "unknown");
  await write(KEYS.control, "rubbish");
  for (const act of [server.halt("a", "b"), server.resume("a"), server.forget("web1")]) {
    assert.equal((await act).kind, "unknown");
  }
});

etcdTest("foreign keys beside those of the rollouts change nothing", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  for (const key of [
    "watched/",
    "watched/other",
    "roster/",
    "roster/abcd",
    "roster/00001",
    "where/",
    "history/",
  ]) {
    const request = { key: encode(`${KEYS.base}${key}`), value: encode("rubbish") };
    assert.notEqual(await post(`${endpoints[0]}/v3/kv/put`, request), null);
  }
  await admitted(server, web1);
  await held(server, web2);
  // Neither does a roster that somebody has removed.
  await post(`${endpoints[0]}/v3/kv/deleterange`, { key: encode(KEYS.roster(0)) });
  assert.equal((await held(server, web2)).why, "waits for the lower waves");
  await live(server, web1);
  await admitted(server, web2);
  assert.deepEqual(await states(server), ["0:web1 live/live", "1:web2 acting/-"]);
});

/** As docs/journeys does it for the slots. */
const COMMANDS = `
etcdctl user add root:secret-of-root
etcdctl user grant-role root root
etcdctl role add web
etcdctl role grant-permission web --prefix=true readwrite deploy-finalize/web+fleet/
etcdctl user add web:secret-of-web
etcdctl user grant-role web web
etcdctl auth enable
`;

etcdTest(
  "the rights to the keys of a group are enough, and no other are needed",
  async ({ endpoints }) => {
    using folder = new Folder();
    const script = `export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${endpoints.join(",")}\n${COMMANDS}`;
    const done = spawnSync("bash", ["-ec", script], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const passwordFile = folder.write("password", "secret-of-web");
    const user = { username: "web", passwordFile };
    const server = serverOf(endpoints, { ...user, retry: 3600 });
    const other = serverOf(endpoints, user);
    await admitted(other, web1);
    await held(server, web2);
    const changed = server.change(new AbortController().signal);
    await live(other, web1);
    await changed;
    await admitted(server, web2);
    rolloutIn(await server.halt("root", "stop"));
    rolloutIn(await server.resume("root"));
    rolloutIn(await server.forget("web1"));
    const next = { rollout: "r2", finalization: "20261130-160000-aaaa" };
    await held(server, { ...web2, ...next });
    await admitted(server, { ...web1, ...next });
    assert.equal((await server.history()).kind, "known");
    // Neither the slots of the group nor the rollouts of another one.
    const slots = new EtcdSlots(etcdConfig(endpoints, { ...user, group: "web" }), now, 0);
    const taking = await slots.take(claimOf("a"));
    assert.ok(taking.kind === "unknown" && /permission denied/.test(taking.why));
    const foreign = await serverOf(endpoints, { ...user, prefix: "other" }).admit(web1, 0);
    assert.ok(foreign.kind === "unknown" && /permission denied/.test(foreign.why));
  },
);
