import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { ciJob } from "../../../src/gates/ci-job.ts";
import type { GateState } from "../../../src/gates/gate.ts";
import { findIdleRunners } from "../../../src/finalize/runners/stop.ts";
import { stopsOf } from "../../../src/gates/runners/drains.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";

const CONTAINER: RunnerConfig = { unit: "container@ci.service", preset: "nixos-container" };
const GROUP = "/machine.slice/container@ci.service";
const INSIDE = `${GROUP}/payload/system.slice`;
const UPTIME = 1000;

/** A container whose systemd is process 20, with sshd in it. */
function container(): EdgeHost {
  const host = new EdgeHost();
  host.showUnits({ "container@ci.service": { ControlGroup: GROUP, MainPID: "10" } });
  host.boots(UPTIME);
  host.group(GROUP);
  host.group(`${GROUP}/supervisor`, 10);
  host.group(`${GROUP}/payload/init.scope`, 20);
  host.group(`${INSIDE}/sshd.service`, 21, 22);
  return host;
}

/** A runner in it, with the seconds since boot at which each of its processes began. */
function runner(host: EdgeHost, unit: string, starts: Readonly<Record<number, number>>): void {
  for (const [id, start] of Object.entries(starts)) {
    host.folder.write(`proc/${id}/stat`, `${id} (a (b) S ${"0 ".repeat(18)}${start * 100} 0\n`);
  }
  host.group(`${INSIDE}/${unit}`, ...Object.keys(starts).map(Number));
}

async function look(host: EdgeHost): Promise<GateState> {
  const gate = ciJob([CONTAINER], async () => [CONTAINER]);
  return await gate.look({ host, record: aRecord(), config: DEFAULT_CONFIG });
}

const closed = (unit: string, does: string): GateState => ({
  kind: "closed",
  why: `container@ci.service has ${unit}, which ${does}`,
});

test("a container without a runner, or with an idle one, is idle, and is stopped before the act", async () => {
  using host = container();
  assert.equal((await look(host)).kind, "open");
  runner(host, "buildkite-agent-a.service", { 30: 100 });
  assert.equal((await look(host)).kind, "open");
  const idle = { kind: "idle", units: ["container@ci.service"] };
  assert.deepEqual(await findIdleRunners(host, [CONTAINER]), idle);
  const [stop] = await stopsOf(host, DEFAULT_CONFIG, [CONTAINER]);
  assert.equal(stop?.stop.kind, "kills");
});

for (const unit of [
  "gitea-runner-my\\x2dhost.service",
  "forgejo-runner-a.service",
  "gitlab-runner.service",
  "buildkite-agent-a.service",
  "woodpecker-agent-a.service",
  "hercules-ci-agent.service",
  "hydra-queue-runner.service",
  "buildbot-worker.service",
  "garm.service",
]) {
  test(`in a container: a second process of ${unit} is a job`, async () => {
    using host = container();
    runner(host, unit, { 30: 100, 31: 900 });
    assert.deepEqual(await look(host), closed(unit, "runs a job"));
  });
}

test("in a container: a runner that is known by its program", async () => {
  using host = container();
  host.folder.write("proc/31/comm", "Runner.Listener\n");
  runner(host, "github-runner-a.service", { 30: 100, 31: 101 });
  assert.equal((await look(host)).kind, "open");
  host.folder.write("proc/32/comm", "Runner.Worker\n");
  runner(host, "github-runner-a.service", { 30: 100, 31: 101, 32: 900 });
  assert.deepEqual(await look(host), closed("github-runner-a.service", "runs Runner.Worker"));
});

test("in a container: a job that was just fetched, by the folder of the oldest process", async () => {
  using host = container();
  const unit = "gitea-runner-a.service";
  host.time = Date.now();
  mkdirSync(host.folder.at("proc/40/cwd/.cache/act/0123456789abcdef"), { recursive: true });
  // It began after the folder was made.
  runner(host, unit, { 40: UPTIME + 60 });
  assert.equal((await look(host)).kind, "open");
  runner(host, unit, { 40: UPTIME - 60 });
  assert.deepEqual(await look(host), closed(unit, "has fetched a job"));
});

test("in a container: the end of a job is seen without a program", async () => {
  using host = container();
  const unit = "buildkite-agent-a.service";
  runner(host, unit, { 30: 100, 31: 900 });
  const context = { host, record: aRecord(), config: DEFAULT_CONFIG };
  const gate = ciJob([CONTAINER], async () => [CONTAINER]);
  assert.equal((await gate.look(context)).kind, "closed");
  const before = host.ran.length;
  const changed = gate.change(context, new AbortController().signal);
  runner(host, unit, { 30: 100 });
  await changed;
  assert.equal(host.ran.length, before);
  assert.equal((await gate.look(context)).kind, "open");
});

test("in a container: the status of a builder of Hydra is not seen, so only a process tells", async () => {
  using host = container();
  const unit = "hydra-builder.service";
  runner(host, unit, { 30: 100 });
  assert.equal((await look(host)).kind, "unknown");
  runner(host, unit, { 30: 100, 31: 900 });
  assert.deepEqual(await look(host), closed(unit, "runs a job"));
});

test("in a container: what hides its jobs is unknown", async () => {
  using host = container();
  runner(host, "concourse-worker.service", { 30: 100 });
  const state = await look(host);
  assert.equal(state.kind, "unknown");
  assert.match(state.why ?? "", /container@ci\.service cannot be .*: concourse-worker\.service: /);
});

test("a virtual machine and a worker of Concourse do not show their jobs: unknown, which waits", async () => {
  for (const preset of ["microvm", "concourse-worker"] as const) {
    using host = new EdgeHost();
    host.showUnits({ "a.service": { ControlGroup: "/a", MainPID: "10" } });
    const runners: RunnerConfig[] = [{ unit: "a.service", preset }];
    const gate = ciJob(runners, async () => runners);
    const state = await gate.look({ host, record: aRecord(), config: DEFAULT_CONFIG });
    assert.equal(state.kind, "unknown");
    assert.match(state.why ?? "", /^a\.service cannot be inspected: .* does not show its jobs$/);
    // With a command, it is asked.
    host.answers["ssh"] = { exitCode: 1 };
    const detect = { kind: "command", command: ["ssh", "vm", "is-busy"] } as const;
    const asked: RunnerConfig[] = [{ unit: "a.service", detect }];
    const open = await ciJob(asked, async () => asked).look({
      host,
      record: aRecord(),
      config: DEFAULT_CONFIG,
    });
    assert.equal(open.kind, "open");
  }
});
