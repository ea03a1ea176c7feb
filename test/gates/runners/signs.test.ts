import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { ciJob } from "../../../src/gates/ci-job.ts";
import type { GateContext } from "../../../src/gates/gate.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";

const GITEA: RunnerConfig = { unit: "r.service", preset: "gitea-actions-runner" };

function idleRunner(more: Readonly<Record<string, string>> = {}): EdgeHost {
  const host = new EdgeHost();
  host.showUnits({ "r.service": { ControlGroup: "/r", MainPID: "10", ...more } });
  host.group("/r", 10);
  return host;
}

function contextOf(host: EdgeHost): GateContext {
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [GITEA] };
  return { host, record: aRecord(), config: { ...DEFAULT_CONFIG, waitFor } };
}

const gateOf = () => ciJob([GITEA], async () => [GITEA]);

const FOLDER = "proc/10/cwd/.cache/act/0123456789abcdef";
const inSeconds = (ms: number): string => `@${Math.floor(ms / 1000)}`;

test("a job that was just fetched: its folder is there before its first process", async () => {
  using host = idleRunner({ ExecMainStartTimestamp: inSeconds(Date.now()) });
  const gate = gateOf();
  assert.equal((await gate.look(contextOf(host))).kind, "open");
  mkdirSync(host.folder.at(FOLDER), { recursive: true });
  assert.deepEqual(await gate.look(contextOf(host)), {
    kind: "closed",
    why: "r.service has fetched a job",
  });
});

test("a builder of Hydra fetches and uploads in its own process: its status tells of its builds", async () => {
  const BUILDER: RunnerConfig = { unit: "r.service", preset: "hydra-builder" };
  const gate = ciJob([BUILDER], async () => [BUILDER]);
  for (const [StatusText, kind] of [
    ["", "open"],
    ["Running", "open"],
    ["Building 0 drvs", "open"],
    ["Building 10 drvs: a.drv, b.drv", "closed"],
  ] as const) {
    using host = idleRunner({ StatusText });
    const state = await gate.look(contextOf(host));
    assert.equal(state.kind, kind, StatusText);
    if (kind === "closed") assert.equal(state.why, `r.service says: ${StatusText}`);
  }
});

test("folders of actions, and what an older process has left, are no job", async () => {
  using host = idleRunner({ ExecMainStartTimestamp: inSeconds(Date.now() + 60_000) });
  mkdirSync(host.folder.at(FOLDER), { recursive: true });
  assert.equal((await gateOf().look(contextOf(host))).kind, "open");
  using other = idleRunner({ ExecMainStartTimestamp: inSeconds(Date.now()) });
  mkdirSync(other.folder.at("proc/10/cwd/.cache/act/actions-checkout@v4"), { recursive: true });
  assert.equal((await gateOf().look(contextOf(other))).kind, "open");
});

test("a wait for a job starts no program until what it saw has changed", async () => {
  using host = idleRunner();
  host.group("/r", 10, 11);
  const gate = gateOf();
  assert.equal((await gate.look(contextOf(host))).kind, "closed");
  const before = host.ran.length;
  const stop = new AbortController();
  const changed = gate.change(contextOf(host), stop.signal);
  await sleep(400);
  assert.equal(host.ran.length, before);
  host.group("/r", 10);
  await changed;
  assert.equal((await gate.look(contextOf(host))).kind, "open");
});

test("an idle runner that does not drain may still report, one that drains needs no grace", async () => {
  for (const [unit, says, ms] of [
    [{}, false, 900],
    [{ ActiveState: "active", KillMode: "mixed", TimeoutStopUSec: "3h" }, true, 0],
    [{ ControlGroup: "", MainPID: "0" }, false, 0],
  ] as const) {
    using host = idleRunner(unit);
    host.answers["grep"] = (argv) => ({ stdout: says ? `${argv.at(-1)}\n` : "" });
    host.passes(0);
    const gate = gateOf();
    assert.equal((await gate.look(contextOf(host))).kind, "open");
    assert.equal(gate.graceMs?.(), ms);
    host.passes(300);
    assert.equal(gate.graceMs?.(), Math.max(0, ms - 300));
    host.passes(10_000);
    assert.equal(gate.graceMs?.(), 0);
  }
});

test("the time for the report counts from the end of the job, however long the look takes after it", async () => {
  const another = { ...GITEA, unit: "another.service" };
  for (const [runners, ms] of [
    [[GITEA], 700],
    // A job of the other one may have ended during the look.
    [[GITEA, another], 900],
  ] as const) {
    using host = idleRunner({});
    host.group("/r", 10, 11);
    host.passes(0);
    const gate = ciJob(runners, async () => runners);
    assert.equal((await gate.look(contextOf(host))).kind, "closed");
    host.group("/r", 10);
    await gate.change(contextOf(host), AbortSignal.timeout(30_000));
    const { spawn } = host;
    host.spawn = async (argv) => {
      if (argv[1] === "show") host.passes(200);
      return await spawn(argv);
    };
    assert.equal((await gate.look(contextOf(host))).kind, "open");
    assert.equal(gate.graceMs?.(), ms);
  }
});
