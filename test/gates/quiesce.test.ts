import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunnerConfig } from "../../src/core/config.ts";
import { findIdleRunners, quiesceRunners, startRunners } from "../../src/gates/quiesce.ts";
import { EdgeHost } from "../support/edge-host.ts";

const runners: RunnerConfig[] = ["a.service", "b.service", "off.service"].map((unit) => ({
  unit,
  detect: { kind: "processes" },
}));

function hostWithRunners(): EdgeHost {
  const host = new EdgeHost();
  host.showUnits({
    "a.service": { ControlGroup: "/a", MainPID: "1", LoadState: "loaded" },
    "b.service": { ControlGroup: "/b", MainPID: "2", LoadState: "not-found" },
    "off.service": { ControlGroup: "", MainPID: "0" },
  });
  host.group("/a", 1);
  host.group("/b", 2);
  return host;
}

const verbs = (host: EdgeHost) =>
  host.ran.filter(([, verb]) => verb !== "show").map((argv) => argv.join(" "));

test("quiesce: idle runners are stopped, those that do not run are left alone", async () => {
  using host = hostWithRunners();
  const idle = { kind: "idle", units: ["a.service", "b.service"] };
  assert.deepEqual(await findIdleRunners(host, runners), idle);
  assert.deepEqual(verbs(host), []);
  assert.deepEqual(await quiesceRunners(host, runners), idle);
  assert.deepEqual(verbs(host), ["systemctl stop -- a.service b.service"]);
});

test("quiesce: a job that has just begun: nothing is stopped", async () => {
  using host = hostWithRunners();
  host.group("/b", 2, 3);
  const busy = { kind: "busy", why: "b.service runs a job" };
  assert.deepEqual(await quiesceRunners(host, runners), busy);
  assert.deepEqual(verbs(host), []);
});

test("quiesce: a runner that cannot be looked at is not stopped on a guess", async () => {
  using host = hostWithRunners();
  host.folder.remove("sys/fs/cgroup/a");
  assert.equal((await quiesceRunners(host, runners)).kind, "busy");
  assert.deepEqual(verbs(host), []);
});

test("quiesce: where the stop fails, what was stopped is started again", async () => {
  using host = hostWithRunners();
  host.answers["systemctl stop"] = { exitCode: 1, stderr: "refused" };
  const quiesced = await quiesceRunners(host, runners);
  assert.ok(quiesced.kind === "busy");
  assert.match(quiesced.why, /refused/);
  assert.equal(verbs(host).at(-1), "systemctl start --no-block -- a.service");
});

test("start again: only what the system still has, and nothing where there is nothing", async () => {
  using host = hostWithRunners();
  assert.equal(await startRunners(host, []), null);
  assert.equal(await startRunners(host, ["b.service"]), null);
  assert.deepEqual(verbs(host), []);
  assert.equal(await startRunners(host, ["a.service", "b.service"]), null);
  assert.deepEqual(verbs(host), ["systemctl start --no-block -- a.service"]);
  host.answers["systemctl start"] = { exitCode: 1, stderr: "masked" };
  assert.match((await startRunners(host, ["a.service"])) ?? "", /masked/);
});
