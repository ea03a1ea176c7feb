import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { EtcdCluster, etcdMissing } from "../fleet/etcd-cluster.ts";
import { COMMIT } from "../report/reports.ts";
import { StandInServer } from "../report/server.ts";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, STATE_DIR, systemSpec } from "./deploying.ts";
import { EtcdBridge, PROXY, URL_INSIDE } from "./etcd-bridge.ts";
import { Cable } from "./network.ts";

const TOKEN_FILE = "/root/forge-token";
const METRICS = "/var/lib/metrics/deploy_finalize.prom";
const baseline = systemSpec({ units: PROXY });

if (etcdMissing() === null) {
  hostTest(
    "the status of a group that has waited for the network says what is so then, from the sandbox",
    { baseline },
    async (host) => {
      await using cluster = await EtcdCluster.start(1);
      await using things = new AsyncDisposableStack();
      things.use(await EtcdBridge.open(host, cluster));
      await using forge = await StandInServer.listen("0.0.0.0");
      await using cable = new Cable(host);
      await host.write(TOKEN_FILE, "planted-token-4711\n");
      await host.shell(`chmod 600 ${TOKEN_FILE}; mkdir -p ${METRICS.replace(/\/[^/]*$/, "")}`);
      const url = `http://${cable.here}:${forge.port}`;
      const gitea = { kind: "gitea", url, repository: "infra/hosts", tokenFile: TOKEN_FILE };
      const config = {
        verify: { settle: 0 },
        lock: { backend: "etcd", endpoints: [URL_INSIDE], group: "web", for: [], retry: 0.2 },
        fleet: { wave: 0, soak: 1 },
        report: {
          receivers: [gitea],
          metricsFile: METRICS,
          timeout: 60,
          retry: { first: 0.1, most: 1 },
        },
      };
      const spec = systemSpec({ label: "next", units: PROXY }, config);
      const words = ["--delay", "0", "--revision", COMMIT] as const;
      const id = await deploy(host, await host.buildToplevel(spec), ...words);
      assert.equal((await ended(host, id)).state, "live");
      const ofGroup = (): string[] =>
        forge.received
          .map(({ body }): Record<string, string> => JSON.parse(body))
          .filter(({ context }) => context === "deploy-finalize/group/web")
          .map(({ state, description }) => `${state}: ${description}`);
      // The rollout has begun and ended before the forge can be reached.
      const isLive = /^deploy_finalize_rollout_live\{group="web",rollout="9f3c.*\} 1$/m;
      await host.until("the host knows that the group is live", async () =>
        isLive.test(await host.ok(["cat", METRICS])),
      );
      assert.deepEqual(ofGroup(), []);
      await cable.plug();
      const outbox = host.path(`${STATE_DIR}/outbox`);
      await host.until("all is delivered", () =>
        readdirSync(outbox).every((name) => name.endsWith(".done")),
      );
      const statuses = ofGroup();
      assert.ok(statuses.length >= 2);
      assert.deepEqual([...new Set(statuses)], ["success: 1 of 1 live"]);
    },
  );
}
