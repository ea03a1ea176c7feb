import { test } from "node:test";
import { EtcdCluster, etcdMissing } from "./etcd-cluster.ts";

type Body = (cluster: EtcdCluster) => Promise<void>;

/**
 * A test with an etcd of its own. Skipped where there is no etcd, but a failure with CI=true. It has a single
 * member: on a busy machine several ones elect a new leader at any moment, and answers get lost.
 */
export function etcdTest(name: string, body: Body): void {
  testWith(1, name, body);
}

/** The same with three members, some of which the test kills or freezes, or asks at the same time. */
export function etcdClusterTest(name: string, body: Body): void {
  testWith(3, name, body);
}

function testWith(members: 1 | 3, name: string, body: Body): void {
  const missing = etcdMissing();
  if (missing !== null && process.env["CI"] !== "true") {
    void test(name, { skip: missing });
    return;
  }
  void test(name, { timeout: 290_000 }, async () => {
    if (missing !== null) throw new Error(`${missing}, and CI=true allows no skip`);
    await using cluster = await EtcdCluster.start(members);
    await body(cluster);
  });
}
