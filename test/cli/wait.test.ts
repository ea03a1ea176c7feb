import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { undrivenWatch } from "../../src/cli/shared/following.ts";
import { whyWaitsForItself } from "../../src/finalize/waits-for-itself.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { forgeRunOf } from "../../src/core/config/forge-run.ts";
import { exitCodeOf } from "../../src/core/outcome.ts";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { isTerminal, STATES } from "../../src/core/states.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { waitSchema } from "../../src/json/status.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { NOTE, OperatedHost, parseJson } from "./operating.ts";

const NOW = new Date("2026-11-22T21:29:30Z");

function ended(record: FinalizationRecord, state: FinalizationRecord["state"]): FinalizationRecord {
  const at = NOW.toISOString();
  return { ...record, state, timeline: [...record.timeline, { at, state, detail: "over" }] };
}

for (const state of STATES) {
  if (!isTerminal(state)) continue;
  test(`wait: one that is ${state} ends at once with its exit code`, async () => {
    using host = new OperatedHost();
    host.save(ended(aRecord(), state));
    const { exitCode, stdout } = await host.operate("wait");
    assert.equal(exitCode, exitCodeOf(state));
    assert.match(stdout, new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${state}: over\n$`));
  });
}

test("wait: without an id it follows the newest; with one, that one", async () => {
  using host = new OperatedHost();
  host.save(ended(aRecord(), "rolled-back"));
  host.save(ended(aRecord({ id: "20261122-220000-bbbb" }), "live"));
  assert.equal((await host.operate("wait")).exitCode, 0);
  assert.equal((await host.operate("wait", "aaaa")).exitCode, 3);
});

test("wait: tells each change once, and ends with the outcome", async () => {
  using host = new OperatedHost();
  const record = host.save();
  const waiting = host.operate("wait", "--json");
  const gates = enter(record, "waiting", NOW, "until all gates are open");
  host.drive(record.id, NOTE);
  host.save(gates);
  // The wait has seen the note when it looks: nothing else is told of before the end.
  await host.until(() => host.lines.length >= 2);
  host.save(end(gates, "superseded", NOW, { reason: "superseded by another" }));
  const { exitCode, stdout } = await waiting;
  assert.equal(exitCode, 4);
  const lines = stdout.trimEnd().split("\n");
  const changes = lines.map((line) => parseJson(waitSchema, line));
  const told = changes.map((change) => [change.state, change.detail, change.exitCode]);
  assert.deepEqual(told.slice(-3), [
    ["waiting", "until all gates are open", null],
    ["waiting", "waits for CI job: ci-runner.service runs a job", null],
    ["superseded", "superseded by another", 4],
  ]);
  assert.equal(new Set(lines).size, lines.length);
});

test("wait: at --timeout it ends with 75, and says how it stands", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  for (const span of ["0", "1s"]) {
    const { exitCode, stdout, stderr } = await host.operate("wait", "--timeout", span);
    assert.equal(exitCode, 75);
    assert.match(stdout, /^\d\d:\d\d:\d\d scheduled: .*\n$/);
    assert.match(stderr, new RegExp(`timed out: ${id} has not ended; it is scheduled`));
  }
});

test("wait: asked to stop, as in a reboot, it names no outcome", async () => {
  using host = new OperatedHost();
  host.save();
  const waiting = host.operate("wait", "--quiet");
  host.stop.abort();
  const { exitCode, stderr } = await waiting;
  assert.equal(exitCode, 75);
  assert.match(stderr, /asked to stop: .* has not ended/);
});

test("only wait and run end with the exit code of an outcome", async () => {
  using host = new OperatedHost();
  const { id } = host.save(ended(aRecord(), "rolled-back"));
  const codes = async (...commands: readonly string[][]): Promise<number[]> => {
    const said = [];
    for (const words of commands) said.push((await host.operate(...words)).exitCode);
    return said;
  };
  assert.deepEqual(await codes(["wait"], ["run", id]), [3, 3]);
  const others = [["status"], ["history"], ["log"], ["report-bug"], ["deliver"], ["resume"]];
  assert.deepEqual(new Set(await codes(...others)), new Set([0]));
});

for (const [what, change] of [
  ["goes away", (path: string) => rmSync(path)],
  [
    "goes away with its folder",
    (path: string) => rmSync(path.replace(/\/[^/]*$/, ""), { recursive: true }),
  ],
] as const) {
  test(`wait: a record that ${what} is no outcome`, async () => {
    using host = new OperatedHost();
    const { id } = host.save();
    const waiting = host.operate("wait");
    await host.until(() => host.lines.length > 0);
    change(host.folder.at(`state/${id}.json`));
    const { exitCode, stderr } = await waiting;
    assert.equal(exitCode, 75);
    assert.match(stderr, /is missing now; the outcome is unknown/);
  });
}

test("wait: a record that breaks meanwhile is no outcome", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  const waiting = host.operate("wait");
  await host.until(() => host.lines.length > 0);
  host.folder.write(`state/${id}.json`, "{");
  const { exitCode, stderr } = await waiting;
  assert.equal(exitCode, 75);
  assert.match(stderr, /is broken now/);
});

test("wait: nothing to wait for is refused", async () => {
  using host = new OperatedHost();
  const { exitCode, stderr } = await host.operate("wait");
  assert.equal(exitCode, 1);
  assert.match(stderr, /no finalization yet/);
});

const RUNNER = {
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
};
const JOB = "0::/system.slice/ci-runner.service/job\n";
const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

test("wait: in a job of a runner that it waits for, it refuses", async () => {
  using host = new OperatedHost();
  const configFile = host.folder.write("gated.json", JSON.stringify(RUNNER));
  const record = host.save(
    enter(aRecord({ configFile }), "waiting", NOW, "until all gates are open"),
  );
  host.folder.write("proc/self/cgroup", JOB);
  host.drive(record.id, NOTE);
  const { exitCode, stderr } = await host.operate("wait");
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /a job on ci-runner\.service, and .* waits for its jobs.*block itself.*later job/,
  );
});

test("wait: in a job, before a reboot it refuses at once, as that waits for every runner", async () => {
  using host = new OperatedHost();
  const configFile = host.folder.write("gated.json", JSON.stringify(RUNNER));
  host.save({ configFile, plan: { ...REBOOT, changed: ["kernel"] } });
  host.folder.write("proc/self/cgroup", JOB);
  assert.equal((await host.operate("wait")).exitCode, 1);
});

test("wait: in a job of a runner that the switch leaves alone, it waits", async () => {
  using host = new OperatedHost();
  const configFile = host.folder.write("gated.json", JSON.stringify(RUNNER));
  const record = host.save({ configFile });
  host.folder.write("proc/self/cgroup", JOB);
  host.drive(record.id, { ...NOTE, why: "other-runner.service runs a job" });
  assert.equal((await host.operate("wait", "--timeout", "0")).exitCode, 75);
});

const AT_RUNNER: Record<string, boolean> = {
  "ci-runner.service runs a job": true,
  "a.service runs a job; ci-runner.service cannot be inspected: no answer": true,
  "a.service, ci-runner.service: finishes its job and takes no new one": true,
  "ci-runner.service: finishes its job and takes no new one": true,
  "my-ci-runner.service runs a job": false,
  "ci-runner.service.d runs a job": false,
  "ci-runner.service:b.service runs a job": false,
  "my\\x2dci-runner.service, a@ci-runner.service: finishes its job": false,
};
for (const [why, isItself] of Object.entries(AT_RUNNER)) {
  test(`wait: in a job of ci-runner.service, the wait for "${why}" is ${isItself ? "" : "not "}its own`, () => {
    const runners = [{ unit: "ci-runner.service", preset: "gitlab-runner" }] as const;
    const place = { controlGroups: JOB, bootId: "boot-1", forgeRun: null };
    const waitFor = { ...DEFAULT_CONFIG.waitFor, runners };
    const waiting = { ...NOTE, why };
    const reason = whyWaitsForItself({ record: aRecord(), waiting }, { waitFor }, place);
    assert.equal(reason !== null, isItself);
  });
}

test("wait: in the session that scheduled it, it refuses; in another one it waits", async () => {
  using host = new OperatedHost();
  host.save({ requester: { user: "root", sshClient: null, sessionId: "7" } });
  const inSession = async (id: string): Promise<number> => {
    const group = `0::/user.slice/user-0.slice/session-${id}.scope\n`;
    host.folder.write("proc/self/cgroup", group);
    return (await host.operate("wait", "--timeout", "0")).exitCode;
  };
  assert.equal(await inSession("7"), 1);
  assert.equal(await inSession("8"), 75);
  // The ids of sessions begin anew with each boot.
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-2\n");
  assert.equal(await inSession("7"), 75);
});

test("wait: in the CI job that scheduled it, where the forge is asked for its end, it refuses", () => {
  const run = forgeRunOf(FORGE_ENV);
  assert.ok(run !== null);
  const record = aRecord({ forgeRun: run });
  const waiting = { ...NOTE, for: "forge job" };
  const itself = (env: Record<string, string>): string | null =>
    whyWaitsForItself({ record, waiting }, DEFAULT_CONFIG, {
      controlGroups: "",
      bootId: "boot-1",
      forgeRun: forgeRunOf(env),
    });
  assert.match(itself(FORGE_ENV) ?? "", /this is the CI job that scheduled/);
  assert.equal(itself({ ...FORGE_ENV, GITHUB_JOB: "live" }), null);
  assert.equal(itself({}), null);
});

const FORGE_ENV = {
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://forge.example",
  GITHUB_REPOSITORY: "ops/hosts",
  GITHUB_RUN_ID: "17",
  GITHUB_JOB: "deploy",
};

test("wait: a configuration that cannot be read does not keep anybody from waiting", async () => {
  using host = new OperatedHost();
  host.save(ended(aRecord({ configFile: "/nowhere.json" }), "live"));
  assert.equal((await host.operate("wait")).exitCode, 0);
});

test("wait: that nobody drives it is told once, and not in the first moments", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/locks", "");
  host.answers["systemctl"] = { stdout: "ActiveState=inactive\n" };
  const undriven = undrivenWatch(host, new RecordStore(host.folder.path), "20261122-213000-aaaa");
  await undriven();
  assert.deepEqual(host.ran, []);
  for (let look = 0; look < 3; look++) {
    host.passes(10_000);
    await undriven();
  }
  assert.deepEqual(host.said, [
    "nothing drives 20261122-213000-aaaa. To continue it: deploy-finalize resume",
  ]);
});
