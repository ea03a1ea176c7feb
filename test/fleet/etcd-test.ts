import { test } from "node:test";
import { EtcdCluster, etcdMissing } from "./etcd-cluster.ts";

/** A test with an etcd cluster of its own. Skipped where there is no etcd, but a failure with CI=true. */
export function etcdTest(name: string, body: (cluster: EtcdCluster) => Promise<void>): void {
  const missing = etcdMissing();
  if (missing !== null && process.env["CI"] !== "true") {
    void test(name, { skip: missing });
    return;
  }
  void test(name, { timeout: 120_000 }, async () => {
    if (missing !== null) throw new Error(`${missing}, and CI=true allows no skip`);
    await using cluster = await EtcdCluster.start();
    await body(cluster);
  });
}
