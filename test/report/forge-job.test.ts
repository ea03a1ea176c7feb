import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config.ts";
import type { ForgeRun } from "../../src/core/forge-run.ts";
import { forgeJob } from "../../src/gates/forge-job.ts";
import type { GateState } from "../../src/gates/gate.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRun, receiver, scheduled } from "./reports.ts";
import { type Reply, StandInServer } from "./server.ts";

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
  const state = await forgeJob.look({ host, config, record });
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
  ["an empty list", jobs()],
  ["a list without the job", jobs(["other", "completed", "web2"])],
  ["nonsense", { status: 200, body: "<html>" }],
  ["no right to see it", { status: 404 }],
  ["an error", { status: 502, body: "" }],
];

for (const [what, reply] of UNKNOWN) {
  test(`${what} is not "finished": it waits, but not beyond the deadline`, async () => {
    assert.equal((await look(GITHUB, reply)).state.kind, "unknown");
    assert.equal(forgeJob.whenUnknown, "wait");
    const { timeout } = DEFAULT_CONFIG.waitFor;
    assert.equal((await look(GITHUB, reply, { lateSeconds: timeout - 2 })).state.kind, "unknown");
    const late = await look(GITHUB, reply, { lateSeconds: timeout });
    assert.equal(late.state.kind, "open");
    assert.match(late.said, /goes on without the forge/);
  });
}

test("a job that surely runs is no error: the deadline decides as configured", async () => {
  const running = jobs(["deploy", "in_progress", "web1"]);
  const { timeout } = DEFAULT_CONFIG.waitFor;
  assert.equal((await look(GITHUB, running, { lateSeconds: timeout })).state.kind, "closed");
  assert.equal(forgeJob.atDeadline, "as-configured");
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
