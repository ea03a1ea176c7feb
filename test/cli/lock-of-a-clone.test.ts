import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { lockStatusSchema } from "../../src/json/lock.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { StandInServer } from "../report/server.ts";
import { HOLDER, LockedHost } from "./locked-host.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const header = { cluster_id: "1", member_id: "1" };

/** An etcd in which a clone of the host holds a slot under the id of both. */
async function etcdWithClone(): Promise<StandInServer> {
  const server = await StandInServer.listen();
  const value = base64(
    JSON.stringify({
      id: HOLDER,
      host: "web9",
      slot: 0,
      finalization: "20261122-212500-cccc",
      token: "20261122-212500-cccc#1",
      takenAt: "2026-11-22T21:27:00.000Z",
    }),
  );
  const keys = ["slot/0000", `holder/${HOLDER}`];
  const kvs = keys.map((key) => ({ key: base64(`deploy-finalize/default/${key}`), value }));
  server.answers = [
    ({ path }) => {
      const isRange = path.endsWith("/range");
      return { status: 200, body: isRange ? { header, kvs } : { header, succeeded: true } };
    },
  ];
  return server;
}

const deletions = ({ received }: StandInServer): number =>
  received.filter(({ body }) => body.includes("request_delete_range")).length;

test("lock status: the slot of a clone is not that of this host", async () => {
  await using etcd = await etcdWithClone();
  using host = new LockedHost(etcdConfig([etcd.url]));
  host.save();
  const said = await host.operate("lock", "status", "--json");
  const { holders } = v.parse(lockStatusSchema, JSON.parse(said.stdout));
  assert.deepEqual(
    holders?.map(({ host: name, isThisHost }) => [name, isThisHost]),
    [["web9", false]],
  );
});

test("lock release: the slot of a clone stays, unless it is named", async () => {
  await using etcd = await etcdWithClone();
  using host = new LockedHost(etcdConfig([etcd.url]));
  host.save({ state: "failed" });
  const writes = (): number => etcd.received.filter(({ path }) => path.endsWith("/txn")).length;
  await host.operate("lock", "release", "--yes");
  await host.operate("lock", "release", "--unowned", "--yes");
  assert.deepEqual([writes(), deletions(etcd)], [2, 0]);
  await host.operate("lock", "release", "--holder", HOLDER, "--yes");
  assert.equal(deletions(etcd), 1);
});
