import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { gaugeIn } from "../../../src/gates/runners/metrics.ts";
import { lookAtRunners } from "../../../src/gates/runners/state.ts";
import type { RunnerState } from "../../../src/gates/runners/seen.ts";
import { portOf } from "../../report/server.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const METRIC = "gitea_runner_job_running";

/** What is seen of a runner that has no process but its own, if its metrics are answered so. */
async function seen(answer: RequestListener): Promise<RunnerState> {
  using host = new EdgeHost();
  host.showUnits({ "r.service": { ControlGroup: "/r", MainPID: "10" } });
  host.group("/r", 10);
  await using server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const state = await lookAt(host, portOf(server.address()));
  server.closeAllConnections();
  return state;
}

async function lookAt(host: EdgeHost, port: number): Promise<RunnerState> {
  const url = `http://127.0.0.1:${port}/metrics`;
  const runner: RunnerConfig = {
    unit: "r.service",
    detect: { kind: "metrics", url, metric: METRIC },
  };
  const [one] = await lookAtRunners(host, [runner]);
  return one?.state ?? { kind: "inactive" };
}

const text = (value: string): string => `# HELP ${METRIC} Number of jobs currently executing.
# TYPE ${METRIC} gauge
${METRIC} ${value}
${METRIC}_other 7
`;

test("a job that only the runner's own process works on shows in its metrics", async () => {
  assert.deepEqual(await seen((_request, answer) => answer.end(text("1"))), {
    kind: "busy",
    why: `runs a job, according to ${METRIC}`,
  });
  assert.equal((await seen((_request, answer) => answer.end(text("0")))).kind, "idle");
});

test("metrics that do not answer, or not of jobs, are no answer", { timeout: 60_000 }, async () => {
  for (const [answer, why] of [
    [(_request, reply) => reply.writeHead(503).end(text("0")), /status 503/],
    [(_request, reply) => reply.end(text("NaN")), /tell no gitea_runner_job_running/],
    [(_request, reply) => reply.end("up 1\n"), /tell no gitea_runner_job_running/],
    [() => {}, /no answer within 2 s/],
  ] as const satisfies readonly (readonly [RequestListener, RegExp])[]) {
    const state = await seen(answer);
    assert.equal(state.kind, "unknown");
    assert.match(state.why, why);
  }
  using host = new EdgeHost();
  host.showUnits({ "r.service": { ControlGroup: "/r", MainPID: "10" } });
  host.group("/r", 10);
  const closed = await lookAt(host, 1);
  assert.equal(closed.kind, "unknown");
});

test("the sum of all samples of a metric", () => {
  const labelled = 'jobs{state="run ning"} 2\njobs{a="}",b="\\"} 9"} 1 1395066363000\r\njobs_x{} 4';
  assert.equal(gaugeIn(labelled, "jobs"), 3);
  assert.equal(gaugeIn("jobs\t1e1", "jobs"), 10);
  for (const none of ["", "jobs", "jobs{", "jobs x", "jobs{} +Inf", "# jobs 1", "jobs 1 2 3"]) {
    assert.equal(gaugeIn(none, "jobs"), null, none);
  }
});

const varz = (running: unknown): string =>
  JSON.stringify({ polling_count: 1, running_count: running, running: {} });

test("a number of a JSON object, as Woodpecker's agent tells its own", () => {
  assert.equal(gaugeIn(varz(2), "running_count"), 2);
  assert.equal(gaugeIn(`${varz(0)}\n`, "running_count"), 0);
  for (const none of [varz("1"), varz(null), "{}", "{", '{"running": {"running_count": 1}}']) {
    assert.equal(gaugeIn(none, "running_count"), null, none);
  }
});
