import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { RUNNER_PRESETS, type RunnerConfig } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { ciJob } from "../../src/gates/ci-job.ts";
import type { GateState } from "../../src/gates/gate.ts";
import { detectionsOf } from "../../src/gates/runners/presets.ts";
import { combine } from "../../src/gates/runners/seen.ts";
import { lookAtRunners } from "../../src/gates/runners/state.ts";
import { parseContainers } from "../../src/host/network/containers.ts";
import { parseProcesses } from "../../src/host/files/control-group.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const GROUP = "/system.slice/r.service";

async function look(host: EdgeHost, ...runners: RunnerConfig[]): Promise<GateState> {
  const gate = ciJob(runners, async () => runners);
  return await gate.look({ host, record: aRecord(), config: DEFAULT_CONFIG });
}

function runningUnit(host: EdgeHost): void {
  host.showUnits({ "r.service": { ControlGroup: GROUP, MainPID: "10" } });
}

const runner = (detect: RunnerConfig["detect"]): RunnerConfig => ({
  unit: "r.service",
  ...(detect && { detect }),
});
const processes = runner({ kind: "processes" });

test("processes: only the main one is idle, any other is a job, below it too", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10);
  assert.deepEqual(await look(host, processes), { kind: "open" });
  host.group(`${GROUP}/a/b`, 11);
  assert.deepEqual(await look(host, processes), { kind: "closed", why: "r.service runs a job" });
});

for (const folder of ["unified", "systemd"]) {
  test(`processes: found in the control groups below ${folder}`, async () => {
    using host = new EdgeHost();
    runningUnit(host);
    host.group(`/${folder}${GROUP}`, 10, 12);
    assert.equal((await look(host, processes)).kind, "closed");
  });
}

test("processes: a job that ends between the look and the wait for a change ends that wait", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  const gate = ciJob([processes], async () => {
    // Which runners the act would stop takes a while to find out.
    host.group(GROUP, 10);
    return [processes];
  });
  const context = { host, record: aRecord(), config: DEFAULT_CONFIG };
  assert.equal((await gate.look(context)).kind, "closed");
  const late = AbortSignal.timeout(BACKSTOP_MS - 10_000);
  await gate.change(context, late);
  assert.ok(!late.aborted, "it waited for its backstop");
});

/** The longest time between two looks. */
const BACKSTOP_MS = 60_000;

/** Asks a job that is seen whether it is over, as a wait for its end does. */
async function overOf(host: EdgeHost, given: RunnerConfig): Promise<() => boolean> {
  const [seen] = await lookAtRunners(host, [given]);
  assert.ok(seen?.state.kind === "busy" && seen.state.isOver !== undefined);
  return seen.state.isOver;
}

test("processes: a job goes on while it starts and ends processes, and is over with the last", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  const isOver = await overOf(host, processes);
  for (let other = 12; other < 40; other++) {
    host.group(GROUP, 10, other);
    assert.equal(isOver(), false);
  }
  host.group(GROUP, 10);
  assert.equal(isOver(), true);
});

test("processes: one that lives is enough, unless another process has got its id", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  host.folder.write("proc/11/comm", "job\n");
  const isOver = await overOf(host, processes);
  host.group(GROUP, 10);
  const answers = Array.from({ length: 20 }, () => isOver());
  assert.ok(answers.includes(true));
});

test("processes: a runner that was started again has to be looked at", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  const isOver = await overOf(host, processes);
  host.group(GROUP, 20);
  assert.equal(isOver(), true);
});

test("process name: over with the process, whatever else runs", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  host.folder.write("proc/11/comm", "Runner.Worker\n");
  const isOver = await overOf(host, { unit: "r.service", preset: "github-runner" });
  host.group(GROUP, 10, 11, 12);
  assert.equal(isOver(), false);
  host.folder.write("proc/11/comm", "Another\n");
  assert.equal(isOver(), true);
});

test("processes: a group that is not found is unknown, and unknown waits", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  assert.equal((await look(host, processes)).kind, "unknown");
  assert.equal(ciJob([], async () => []).whenUnknown, "wait");
});

test("a unit that does not run, or is not there, is no reason to wait", async () => {
  using host = new EdgeHost();
  host.showUnits({ "r.service": { ControlGroup: "", MainPID: "0" } });
  assert.deepEqual(await look(host, processes), { kind: "open" });
});

test("systemd without an answer: unknown", async () => {
  using host = new EdgeHost();
  host.answers["systemctl show"] = { exitCode: 1, stderr: "no bus" };
  const state = await look(host, processes);
  assert.ok(state.kind === "unknown");
  assert.match(state.why, /no bus/);
});

test("process name: told by name or command line, in the unit's group only", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10, 11);
  host.folder.write("proc/10/comm", "Runner.Listener\n");
  host.folder.write("proc/11/comm", "node\n");
  host.folder.write("proc/12/comm", "Runner.Worker\n");
  const github: RunnerConfig = { unit: "r.service", preset: "github-runner" };
  assert.deepEqual(await look(host, github), { kind: "open" });
  host.folder.write("proc/11/cmdline", "/bin/Runner.Worker\0spawnclient\0");
  assert.equal((await look(host, github)).kind, "closed");
});

for (const [exitCode, kind] of [
  [0, "closed"],
  [1, "open"],
  [2, "unknown"],
  [null, "unknown"],
] as const) {
  test(`command: exit code ${exitCode} is ${kind}`, async () => {
    using host = new EdgeHost();
    runningUnit(host);
    host.answers["is-busy"] = { exitCode, cause: exitCode === null ? "was killed" : null };
    const state = await look(host, runner({ kind: "command", command: ["is-busy", "-x"] }));
    assert.equal(state.kind, kind);
    assert.deepEqual(
      host.ran.find(([program]) => program === "is-busy"),
      ["is-busy", "-x"],
    );
  });
}

/** An engine that answers with a status and a text on the socket of Docker. */
async function engine(host: EdgeHost, status: number, text: string): Promise<Server> {
  const socket = host.folder.at("run/docker.sock");
  mkdirSync(dirname(socket), { recursive: true });
  const server = createServer((_request, answer) => answer.writeHead(status).end(text));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}

const namesOf = (...list: string[]) =>
  JSON.stringify(list.map((name) => ({ Names: [`/${name}`] })));

const gitea: RunnerConfig = { unit: "r.service", preset: "gitea-actions-runner" };

test("containers: a job's container is a job; other containers and no engine are not", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10);
  assert.deepEqual(await look(host, gitea), { kind: "open" });
  await using other = await engine(host, 200, namesOf("gitea", "db"));
  assert.ok(other.listening);
  assert.deepEqual(await look(host, gitea), { kind: "open" });
});

test("containers: a running job is named", async () => {
  using host = new EdgeHost();
  runningUnit(host);
  host.group(GROUP, 10);
  const name = "GITEA-ACTIONS-TASK-12_WORKFLOW-deploy_JOB-x";
  await using running = await engine(host, 200, namesOf(name));
  assert.ok(running.listening);
  const why = `r.service runs container ${name}`;
  assert.deepEqual(await look(host, gitea), { kind: "closed", why });
});

for (const [status, text] of [
  [500, "down"],
  [200, "{}"],
  [200, "<html>"],
] as const) {
  test(`containers: an answer ${status} ${text} is unknown`, async () => {
    using host = new EdgeHost();
    runningUnit(host);
    host.group(GROUP, 10);
    await using running = await engine(host, status, text);
    assert.ok(running.listening);
    assert.equal((await look(host, gitea)).kind, "unknown");
  });
}

test("several ways to look: one job outweighs all, an unknown outweighs idle", () => {
  const [idle, busy, unknown] = [
    { kind: "idle" },
    { kind: "busy", why: "" },
    { kind: "unknown", why: "" },
  ] as const;
  assert.equal(combine([idle, unknown, busy]).kind, "busy");
  assert.equal(combine([idle, unknown]).kind, "unknown");
  assert.equal(combine([idle, idle]).kind, "idle");
});

const containerNames: [RunnerConfig["preset"] & string, string, boolean][] = [
  ["gitea-actions-runner", "GITEA-ACTIONS-TASK-1_WORKFLOW-a_JOB-b", true],
  ["forgejo-runner", "FORGEJO-ACTIONS-TASK-1_WORKFLOW-a_JOB-b", true],
  ["forgejo-runner", "my-FORGEJO-ACTIONS-TASK-1", false],
  ["gitlab-runner", "runner-t3_abcd-project-12-concurrent-0-9f-build", true],
  ["gitlab-runner", "runner-of-races", false],
];
for (const [preset, name, isJob] of containerNames) {
  test(`preset ${preset}: ${name} is ${isJob ? "a job" : "none"}`, () => {
    const patterns = detectionsOf({ unit: "r.service", preset }).flatMap((detection) =>
      detection.kind === "containers" ? [detection.pattern] : [],
    );
    assert.equal(
      patterns.some((pattern) => new RegExp(pattern).test(name)),
      isJob,
    );
  });
}

test("each preset looks in some way", () => {
  for (const preset of RUNNER_PRESETS)
    assert.ok(detectionsOf({ unit: "r.service", preset }).length > 0);
});

test("any bytes as control group, unit properties or engine's answer: a state or an Error", async () => {
  using host = new EdgeHost();
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.json());
  await fc.assert(
    fc.asyncProperty(text, text, async (group, answer) => {
      assert.ok(parseProcesses(group).every((id) => Number.isFinite(id) || id === Infinity));
      host.answers["systemctl show"] = { stdout: answer };
      for (const { state } of await lookAtRunners(host, [processes]))
        assert.ok(["inactive", "idle", "busy", "unknown"].includes(state.kind));
      try {
        assert.ok(parseContainers(answer).every((name) => typeof name === "string"));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
    { numRuns: 300 },
  );
});
