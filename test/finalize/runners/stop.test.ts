import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import {
  findIdleRunners,
  startAgain,
  stopIdleRunners,
  stopRunners,
} from "../../../src/finalize/runners/stop.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const ID = "20261122-213000-k3f9";
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

test("stop idle runners: idle runners are stopped, those that do not run are left alone", async () => {
  using host = hostWithRunners();
  const units = ["a.service", "b.service"];
  assert.deepEqual(await findIdleRunners(host, runners), { kind: "idle", units });
  assert.deepEqual(verbs(host), []);
  assert.equal(await stopIdleRunners(host, runners, units), null);
  assert.deepEqual(verbs(host), ["systemctl stop -- a.service b.service"]);
});

test("stop idle runners: a job that has just begun: nothing is stopped", async () => {
  using host = hostWithRunners();
  host.group("/b", 2, 3);
  const named = ["a.service", "b.service"];
  assert.equal(await stopIdleRunners(host, runners, named), "b.service runs a job");
  assert.deepEqual(verbs(host), []);
});

test("stop idle runners: none is stopped that the record does not name", async () => {
  using host = hostWithRunners();
  const problem = await stopIdleRunners(host, runners, ["a.service"]);
  assert.equal(problem, "b.service was started meanwhile");
  assert.deepEqual(verbs(host), []);
});

test("stop idle runners: a runner that cannot be looked at is not stopped on a guess", async () => {
  using host = hostWithRunners();
  host.folder.remove("sys/fs/cgroup/a");
  assert.notEqual(await stopIdleRunners(host, runners, ["a.service", "b.service"]), null);
  assert.deepEqual(verbs(host), []);
});

test("stop runners: if the stop fails, those that the record names are started again, once", async () => {
  using host = hostWithRunners();
  host.answers["systemctl stop"] = { exitCode: 1, stderr: "refused" };
  const obstacle = await stopRunners(host, {
    stop: runners.filter(({ unit }) => unit === "a.service"),
    drain: [],
    draining: {
      seconds: 1,
      next: "give-up",
      stop: new AbortController().signal,
      untilUnwanted: async () => {},
      tell: () => {},
    },
    id: ID,
    start: ["a.service"],
    isUnwanted: () => false,
  });
  assert.ok(obstacle?.kind === "held-up");
  assert.match(obstacle.why, /refused/);
  const started = "systemctl start --no-block -- a.service";
  assert.deepEqual(verbs(host).slice(1), [started]);
});

test("start again: only what the system still has, and nothing where there is nothing", async () => {
  using host = hostWithRunners();
  assert.deepEqual(await startAgain(host, ID, []), []);
  assert.deepEqual(await startAgain(host, ID, ["b.service"]), []);
  assert.deepEqual(verbs(host), []);
  assert.deepEqual(await startAgain(host, ID, ["a.service", "b.service"]), []);
  assert.deepEqual(verbs(host), ["systemctl start --no-block -- a.service"]);
  host.answers["systemctl start"] = { exitCode: 1, stderr: "masked" };
  assert.deepEqual(await startAgain(host, ID, ["a.service", "b.service"]), ["a.service"]);
  assert.match(host.said.join("\n"), /masked/);
});

test("start again: while systemd does not answer, it tries again", async () => {
  using host = hostWithRunners();
  let tries = 0;
  const answer = () => (tries < 4 ? { exitCode: 1, stderr: "no bus" } : {});
  host.answers["systemctl show --property=SystemState"] = answer;
  host.answers["systemctl start"] = () => (++tries, answer());
  assert.deepEqual(await startAgain(host, ID, ["a.service"]), []);
  assert.deepEqual([tries, host.said], [4, []]);
});
