import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { fleetSchema } from "../../src/core/config/fleet/fleet-config.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import { EtcdGateway } from "../../src/fleet/etcd-gateway.ts";
import { EtcdGroup } from "../../src/fleet/rollouts/etcd/group.ts";
import { tryRollouts } from "../../src/fleet/try-rollouts.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { Folder } from "../support/folder.ts";
import { etcdConfig, fleetLockConfig } from "./configs.ts";
import { etcdTest } from "./etcd-test.ts";

const fleet = v.parse(fleetSchema, { wave: 0, group: "web" });

/** What a try says, with its advice after an arrow. */
async function tried(lock: LockConfig | null): Promise<string> {
  using host = new EdgeHost();
  const own = lock === null ? null : { ...lock, id: "a1" };
  const said = await tryRollouts(host, { ...DEFAULT_CONFIG, lock: own }, fleet);
  return said.kind === "works" ? said.how : `${said.why} → ${said.advice}`;
}

test("try of rollouts: without an etcd, and with one that does not answer", async () => {
  for (const lock of [null, fleetLockConfig("http://127.0.0.1:9")]) {
    assert.match(await tried(lock), /^rollouts need an etcd → Set lock with backend = "etcd"/);
  }
  const nobody = etcdConfig(["http://127.0.0.1:9"]);
  assert.match(await tried(nobody), /ECONNREFUSED.* → Nothing listens there: check the port in/);
});

etcdTest("try of rollouts: it reads and writes, and leaves nothing behind", async (cluster) => {
  const config = etcdConfig(cluster.endpoints);
  const said = await tried(config);
  assert.equal(said, "read and wrote the rollouts of group web, which knows 0 hosts");
  const gateway = new EtcdGateway({ ...config, proxy: DEFAULT_CONFIG.proxy }, 0);
  const group = new EtcdGroup({
    prefix: config.prefix,
    gateway,
    name: "web",
    salt: "",
    now: () => new Date(),
  });
  const left = await group.look({ range: group.keys.everything, only: "count" });
  assert.match(JSON.stringify(left), /"count":(0|"0")/);
  assert.ok(Number(left.revision) > 1, "it has written");
});

etcdTest("try of rollouts: what it may not do, and what to do", async (cluster) => {
  using folder = new Folder();
  const passwordFile = folder.write("password", "for-a-test");
  const login = { username: "hosts", passwordFile };
  const etcdctl = (...words: readonly string[]): void => {
    const as = `--endpoints=${cluster.endpoints.join(",")}`;
    const { status, stderr } = spawnSync("etcdctl", [as, ...words], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };
  etcdctl("user", "add", "root:root-of-a-test");
  etcdctl("user", "grant-role", "root", "root");
  etcdctl("role", "add", "hosts");
  etcdctl("role", "grant-permission", "hosts", "readwrite", "--prefix", "deploy-finalize/web/");
  etcdctl("user", "add", "hosts:for-a-test");
  etcdctl("user", "grant-role", "hosts", "hosts");
  etcdctl("auth", "enable");
  const lock = etcdConfig(cluster.endpoints, login);
  const denied =
    /permission denied.* → The user hosts .* must be able to read and write below deploy-finalize\/web\+fleet\//;
  assert.match(await tried(lock), denied);
  const root = ["--user=root:root-of-a-test", "role", "grant-permission", "hosts"];
  etcdctl(...root, "read", "--prefix", "deploy-finalize/web+fleet/");
  assert.match(await tried(lock), denied);
  etcdctl(...root, "readwrite", "--prefix", "deploy-finalize/web+fleet/");
  assert.match(await tried(lock), /^read and wrote/);
  const wrong = etcdConfig(cluster.endpoints, { ...login, username: null, passwordFile: null });
  assert.match(await tried(wrong), / → Set lock\.username and lock\.passwordFile: /);
});
