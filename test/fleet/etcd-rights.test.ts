import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
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

    const foreign = await slotsOf("db").take(claimOf("a"));
    assert.ok(foreign.kind === "unknown", JSON.stringify(foreign));
    assert.match(foreign.why, /permission denied/);
  },
);
