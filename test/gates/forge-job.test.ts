import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { ForgeRun } from "../../src/core/config/forge-run.ts";
import { forgeJob } from "../../src/gates/forge-job.ts";
import type { GateState } from "../../src/gates/gate.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRun, receiver, scheduled } from "../report/reports.ts";
import { type Reply, StandInServer } from "../report/server.ts";

const TOKEN = "planted-token-4711";

/** What the gate says, and what the forge was asked. */
async function look(
  run: ForgeRun | null,
  reply: Reply,
  changes: {
    readonly lateSeconds?: number;
    readonly config?: object;
    readonly server?: string;
  } = {},
): Promise<{ state: GateState; asked: string; said: string; headers: object }> {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  server.answers = [() => reply];
  const tokenFile = host.folder.write("token", TOKEN);
  const forge = { kind: run?.forge ?? "gitea", url: server.url, tokenFile, waitForJob: true };
  const receivers = [receiver({ ...forge, ...changes.config })];
  const config = { ...DEFAULT_CONFIG, report: { ...DEFAULT_CONFIG.report, receivers } };
  host.time += (changes.lateSeconds ?? 0) * 1000;
  // The run was on this server, unless its own is given.
  const { server: own = server.url } = changes;
  const record = scheduled({ forgeRun: run === null ? null : { ...run, server: own } });
  const state = await forgeJob().look({ host, config, record });
  const [received] = server.received;
  const asked = received === undefined ? "" : `${received.method} ${received.path}`;
  return { state, asked, said: host.said.join(), headers: received?.headers ?? {} };
}

function jobs(...list: [name: string, status: string, runner?: string][]): Reply {
  const entries = list.map(([name, status, runner_name]) => ({ name, status, runner_name }));
  return { status: 200, body: { total_count: entries.length, jobs: entries } };
}

const GITHUB = aRun({ forge: "github" });

test("GitHub: the jobs of the attempt, with GitHub's headers", async () => {
  const { state, asked, headers } = await look(GITHUB, jobs(["deploy", "in_progress", "web1"]));
  assert.equal(
    asked,
    "GET /api/v3/repos/infra/hosts/actions/runs/881/attempts/1/jobs?per_page=100",
  );
  assert.equal(Reflect.get(headers, "authorization"), `Bearer ${TOKEN}`);
  const why = "the forge says that job deploy is in_progress";
  assert.deepEqual(state, { kind: "closed", why });
});

test("GitHub: as many jobs as a page holds, each with its steps", async () => {
  const steps = Array.from({ length: 30 }, (_, number) => ({ number, name: "a step ".repeat(20) }));
  const others = Array.from({ length: 99 }, (_, index) => {
    return { name: `test ${index}`, status: "completed", runner_name: "elsewhere", steps };
  });
  const deploy = { name: "deploy", status: "queued", runner_name: "web1", steps };
  const { state } = await look(GITHUB, { status: 200, body: { jobs: [...others, deploy] } });
  assert.deepEqual(state, { kind: "closed", why: "the forge says that job deploy is queued" });
});

test("Gitea: the jobs of the run", async () => {
  const { state, asked } = await look(aRun(), jobs(["deploy", "completed", "web1"]));
  assert.equal(asked, "GET /api/v1/repos/infra/hosts/actions/runs/881/jobs?limit=50");
  assert.deepEqual(state, { kind: "open" });
});

const tasks = (status: string): Reply => ({
  status: 200,
  body: {
    workflow_runs: [
      { name: "deploy", run_number: 43, status: "running" },
      { name: "deploy", run_number: 42, status },
    ],
  },
});

test("Forgejo: the newest tasks, of which those of the run count", async () => {
  const run = aRun({ forge: "forgejo", runner: null });
  const { state, asked } = await look(run, tasks("success"));
  assert.equal(asked, "GET /api/v1/repos/infra/hosts/actions/tasks?limit=50");
  assert.deepEqual(state, { kind: "open" });
  assert.equal((await look(run, tasks("running"))).state.kind, "closed");
});

test("the run's repository is asked, whichever is reported on", async () => {
  const done = jobs(["deploy", "completed", "web1"]);
  const { asked } = await look(aRun(), done, { config: { repository: "other/one" } });
  assert.match(asked, /\/repos\/infra\/hosts\//);
});

test("GitLab: the job by its number", async () => {
  const run = aRun({ forge: "gitlab", repository: "7", job: "1001" });
  const running = await look(run, { status: 200, body: { status: "running" } });
  assert.equal(running.asked, "GET /api/v4/projects/7/jobs/1001");
  assert.equal(Reflect.get(running.headers, "private-token"), TOKEN);
  assert.equal(running.state.kind, "closed");
  const canceled = await look(run, { status: 200, body: { status: "canceled" } });
  assert.equal(canceled.state.kind, "open");
});

test("a job by another name is told by its runner; other jobs of the run are not waited for", async () => {
  const named = jobs(["Deploy the hosts", "completed", "web1"], ["wait", "in_progress", "web2"]);
  assert.equal((await look(GITHUB, named)).state.kind, "open");
  const both = jobs(["deploy", "completed", "web1"], ["other", "in_progress", "web1"]);
  assert.equal((await look(GITHUB, both)).state.kind, "open");
  const busy = jobs(["A", "completed", "web1"], ["B", "in_progress", "web1"]);
  assert.equal((await look(GITHUB, busy)).state.kind, "closed");
});

const UNKNOWN: [what: string, reply: Reply][] = [
  ["nonsense", { status: 200, body: "<html>" }],
  ["no right to see it", { status: 404 }],
  ["an error", { status: 502, body: "" }],
];

for (const [what, reply] of UNKNOWN) {
  test(`${what} is not "finished": it waits, but not beyond the deadline`, async () => {
    assert.equal((await look(GITHUB, reply)).state.kind, "unknown");
    assert.equal(forgeJob().whenUnknown, "wait");
    const { timeout } = DEFAULT_CONFIG.waitFor;
    assert.equal((await look(GITHUB, reply, { lateSeconds: timeout - 2 })).state.kind, "unknown");
    const late = await look(GITHUB, reply, { lateSeconds: timeout });
    assert.equal(late.state.kind, "open");
    assert.match(late.said, /continues without an answer from the forge/);
  });
}

for (const [what, reply] of [
  ["an empty list", jobs()],
  ["a list without the job", jobs(["other", "completed", "web2"], ["third", "queued", "web3"])],
] as const) {
  test(`${what}: it waits for a moment, says so and goes on with the local gates`, async () => {
    assert.equal((await look(GITHUB, reply)).state.kind, "unknown");
    assert.equal((await look(GITHUB, reply, { lateSeconds: 20 })).state.kind, "unknown");
    const late = await look(GITHUB, reply, { lateSeconds: 30 });
    assert.equal(late.state.kind, "open");
    assert.match(late.said, /continues without an answer from the forge: the forge lists no job/);
  });
}

test("it is said once, however often the gate is looked at", async () => {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  server.answers = [() => jobs()];
  const tokenFile = host.folder.write("token", TOKEN);
  const forge = receiver({ kind: "github", url: server.url, tokenFile, waitForJob: true });
  const config = { ...DEFAULT_CONFIG, report: { ...DEFAULT_CONFIG.report, receivers: [forge] } };
  const record = scheduled({ forgeRun: { ...GITHUB, server: server.url } });
  host.time += 30_000;
  const gate = forgeJob();
  for (let times = 0; times < 3; times++) {
    assert.equal((await gate.look({ host, config, record })).kind, "open");
  }
  assert.deepEqual(host.said, [
    "continues without an answer from the forge: the forge lists no job deploy",
  ]);
});

test("the forge is asked every five seconds", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let isOver = false;
  const change = forgeJob().change;
  assert.ok(change !== undefined);
  using host = new EdgeHost();
  const over = change({ host, config: DEFAULT_CONFIG, record: scheduled({}) }, context.signal);
  const ended = over.then(() => (isOver = true));
  context.mock.timers.tick(4999);
  await new Promise(setImmediate);
  assert.ok(!isOver);
  context.mock.timers.tick(1);
  await ended;
});

test("without the name of its runner, a job is found by its key", async () => {
  const run = { ...GITHUB, runner: null };
  const others = jobs(["deploy", "in_progress", "web1"], ["wait", "in_progress", "web2"]);
  assert.equal((await look(run, others)).state.kind, "closed");
  const done = jobs(["deploy", "completed", "web1"], ["wait", "in_progress", "web2"]);
  assert.equal((await look(run, done)).state.kind, "open");
  const renamed = jobs(["Deploy", "completed", "web1"], ["wait", "completed", "web2"]);
  assert.equal((await look(run, renamed)).state.kind, "unknown");
});

test("a list that is not whole may hold the job further on, so it is no answer", async () => {
  const job = { name: "other", status: "completed", runner_name: "web2" };
  const body = { total_count: 51, jobs: [job, job] };
  for (const run of [GITHUB, aRun()]) {
    const late = await look(run, { status: 200, body }, { lateSeconds: 30 });
    assert.equal(late.state.kind, "unknown");
    assert.match(late.state.why ?? "", /lists 2 of 51 jobs/);
  }
});

test("the only job of a run is the one, whatever its name and its runner are", async () => {
  const only = jobs(["Deploy the hosts", "in_progress", "another name"]);
  const why = "the forge says that job deploy is in_progress";
  assert.deepEqual((await look(GITHUB, only)).state, { kind: "closed", why });
});

test("a job that surely runs is no error: the deadline decides as configured", async () => {
  const running = jobs(["deploy", "in_progress", "web1"]);
  const { timeout } = DEFAULT_CONFIG.waitFor;
  assert.equal((await look(GITHUB, running, { lateSeconds: timeout })).state.kind, "closed");
  assert.equal(forgeJob().atDeadline, "as-configured");
});

test("no forge is asked without a run, for another forge's run, or where it is not configured", async () => {
  for (const [run, config] of [
    [null, {}],
    [aRun(), { kind: "forgejo" }],
    [aRun(), { waitForJob: false }],
    [aRun({ run: null }), {}],
  ] as const) {
    const { state, asked } = await look(run, jobs(["deploy", "in_progress"]), { config });
    assert.deepEqual([state.kind, asked], ["open", ""]);
  }
});

test("the forge is asked through the proxy", async () => {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  server.answers = [() => jobs(["deploy", "completed", "web1"])];
  await using proxy = await ProxyServer.listen(server.port);
  const url = "http://never.invalid";
  const forge = { kind: "gitea", url, tokenFile: host.folder.write("token", TOKEN) };
  const receivers = [receiver({ ...forge, waitForJob: true })];
  const through = { http: proxy.url, https: null, except: [] };
  const report = { ...DEFAULT_CONFIG.report, receivers };
  const config = { ...DEFAULT_CONFIG, report, proxy: through };
  const record = scheduled({ forgeRun: { ...aRun(), server: url } });
  assert.deepEqual(await forgeJob().look({ host, config, record }), { kind: "open" });
  assert.equal(proxy.asked.length, 1);
});
