import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { EtcdRollouts } from "../../src/fleet/rollouts/etcd-rollouts.ts";
import { stepsOf } from "../journeys/page.ts";
import { Folder } from "../support/folder.ts";
import { claimOf, etcdConfig } from "./configs.ts";
import { etcdTest } from "./etcd-test.ts";

const now = (): Date => new Date("2026-11-22T21:31:00Z");

/** The commands of the page for etcd, as one script. */
const commands = stepsOf("colmena-and-etcd.md").flatMap((step) =>
  step.kind === "command" && step.heading === "1. The user in etcd" ? [step.command] : [],
);

etcdTest(
  "etcd: the user of docs/journeys can hold slots of its group, and nothing else",
  async (cluster) => {
    const endpoints = cluster.endpoints;
    const [first = "", second = "", ...others] = commands;
    assert.match(first, /^export ETCDCTL_ENDPOINTS=/);
    // Without TLS here.
    assert.match(second, /^export ETCDCTL_CACERT=/);
    using folder = new Folder();
    const script = [`export ETCDCTL_ENDPOINTS=${endpoints.join(",")}`, ...others];
    const run = (...lines: readonly string[]): { status: number | null; stderr: string } =>
      spawnSync("bash", ["-ec", lines.join("\n")], { cwd: folder.path, encoding: "utf8" });
    const done = run(...script);
    assert.equal(done.status, 0, done.stderr);

    const login = { username: "deploy-finalize", passwordFile: folder.at("etcd-password") };
    const slotsOf = (group: string): EtcdSlots =>
      new EtcdSlots(etcdConfig(endpoints, { ...login, group, slots: 1, lease: 60 }), now, 0);
    const slots = slotsOf("web");
    const made = await slots.newLease();
    assert.ok(made.kind === "lease", JSON.stringify(made));
    assert.deepEqual(await slots.take(claimOf("a", { lease: made.id })), { kind: "held" });
    assert.deepEqual(await slots.renew(made.id), { kind: "renewed" });
    assert.equal((await slots.take(claimOf("b"))).kind, "refused");
    assert.equal((await slots.giveBack("a")).kind, "given-back");

    const rollouts = new EtcdRollouts(
      etcdConfig(endpoints, { ...login, group: "web" }),
      { group: null },
      "id-web1",
      now,
    );
    assert.equal((await rollouts.resume("anna")).kind, "refused");

    const foreign = await slotsOf("db").take(claimOf("a"));
    assert.ok(foreign.kind === "unknown", JSON.stringify(foreign));
    assert.match(foreign.why, /permission denied/);
  },
);

/** The blocks for a shell of a section of docs/fleet.md, in its order. */
function blocksOf(heading: string): string[] {
  const page = readFileSync(new URL("../../docs/fleet.md", import.meta.url), "utf8");
  const section = page.split(/^(?=#{2,4} )/m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
}

etcdTest(
  "etcd: the user of docs/fleet.md, also if the host had one for slots before",
  async (cluster) => {
    const { endpoints } = cluster;
    const [, users = "", login = "", user = "", right = ""] = blocksOf("#### 1. An etcd");
    assert.ok(user.includes(right));
    using folder = new Folder();
    const run = (...blocks: readonly string[]): void => {
      const script = blocks
        .join("")
        // Without TLS here.
        .replaceAll("https://etcd1.example:2379", endpoints.join(","))
        .replaceAll(" ETCDCTL_CACERT=$PWD/etcd-ca.pem", "")
        .replaceAll("read -rs ETCDCTL_PASSWORD", "read -rs ETCDCTL_PASSWORD <etcd-root-password");
      const options = { cwd: folder.path, encoding: "utf8" } as const;
      const { status, stderr } = spawnSync("bash", ["-ec", script], options);
      assert.equal(status, 0, stderr);
    };
    const secret = { username: "deploy-finalize", passwordFile: folder.at("etcd-password") };
    const config = etcdConfig(endpoints, { ...secret, group: "web", slots: 1, lease: 60 });
    const rollouts = new EtcdRollouts(config, { group: null }, "id-web1", now);

    run(users, user.replace(right, ""));
    const denied = await rollouts.halt("anna", "a test");
    assert.ok(denied.kind === "unknown", JSON.stringify(denied));
    assert.match(denied.why, /permission denied/);

    run(login, right);
    assert.equal((await rollouts.look()).kind, "known");
    assert.equal((await rollouts.halt("anna", "a test")).kind, "refused");
    const slots = new EtcdSlots(config, now, 0);
    assert.deepEqual(await slots.take(claimOf("a")), { kind: "held" });
  },
);
