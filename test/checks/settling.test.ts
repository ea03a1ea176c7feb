import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { watchSettling } from "../../src/checks/settling.ts";
import { takeBaseline } from "../../src/checks/units-before.ts";
import { verify } from "../../src/checks/verify.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { listAllUnits } from "../../src/host/systemd/unit-states.ts";
import { parseUnits } from "../../src/host/systemd/units.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { ran, standard } from "./unit-states.ts";

const never = new AbortController().signal;
const LIST = `  a.service loaded failed failed Alpha
● b.mount loaded failed failed Bravo
c.service loaded activating auto-restart Charlie
deploy-finalize-1.service loaded failed failed Ours
`;

type Shown = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One look after the other; the last one from then on. A unit is described by its properties. */
function looks(host: EdgeHost, ...each: Shown[]): void {
  let shown: Shown = {};
  host.answers["systemctl list-units"] = () => {
    shown = each[0] ?? {};
    if (each.length > 1) each.shift();
    host.showUnits(shown);
    const lines = Object.entries(shown).map(
      ([name, { ActiveState = "active", SubState = "running" }]) =>
        `${name} loaded ${ActiveState} ${SubState} X\n`,
    );
    return { stdout: lines.join("") };
  };
}

const TARGET = { ActiveState: "active", SubState: "active" };
const RUNS = { LoadState: "loaded", ActiveState: "active", SubState: "running" };
const WAITS = { ...RUNS, ActiveState: "activating", SubState: "auto-restart" };
const FAILED = { ...RUNS, ActiveState: "failed", SubState: "failed" };

test("listed units: all but our own", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: LIST };
  assert.deepEqual(
    (await listAllUnits(host)).map(({ unit, active, sub }) => [unit, active, sub]),
    [
      ["a.service", "failed", "failed"],
      ["b.mount", "failed", "failed"],
      ["c.service", "activating", "auto-restart"],
    ],
  );
});

test("listed units: any text is read without a crash", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      parseUnits(text);
    }),
  );
});

test("baseline: what runs, what is in trouble, what restarted lately, what is idle or broken", async () => {
  using host = new EdgeHost();
  const now = host.time / 1000;
  host.showUnits({
    "multi-user.target": TARGET,
    "a.service": FAILED,
    "c.service": { ...WAITS, NRestarts: "4" },
    "loop.service": { ...RUNS, NRestarts: "9", ExecMainStartTimestamp: `@${now - 5}` },
    "once.service": {
      ...RUNS,
      NRestarts: "1",
      ExecMainStartTimestamp: `@${now - 5000}`,
      ActiveEnterTimestamp: `@${now - 5000}`,
      InactiveExitTimestampMonotonic: "77",
    },
    "idle.service": { LoadState: "loaded", ActiveState: "inactive", WantedBy: "multi-user.target" },
    "left.service": { LoadState: "loaded", ActiveState: "inactive" },
    "broken.service": { LoadState: "bad-setting", ActiveState: "inactive" },
    "unmet.service": {
      LoadState: "loaded",
      ActiveState: "inactive",
      AssertResult: "no",
      AssertTimestampMonotonic: "5",
    },
    "never-tried.service": { LoadState: "loaded", ActiveState: "inactive", AssertResult: "no" },
    "run-1.service": { ...RUNS, Transient: "yes" },
    "user@0.service": RUNS,
    "x.slice": RUNS,
  });
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  const baseline = await takeBaseline(host, never);
  assert.deepEqual(baseline, {
    failed: [
      { unit: "a.service", restarts: 0 },
      { unit: "c.service", restarts: 4 },
      { unit: "loop.service", restarts: 9 },
    ],
    units: {
      bootId: "boot-1",
      active: [
        { unit: "multi-user.target", startedAt: 0, restarts: 0, seconds: 0 },
        // It runs, so that it must not be left unloaded or stopped.
        { unit: "loop.service", startedAt: 0, restarts: 9, seconds: 0 },
        { unit: "once.service", startedAt: 77, restarts: 1, seconds: 5000 },
      ],
      idle: ["idle.service"],
      broken: ["broken.service", "unmet.service"],
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(baseline)), baseline);
});

test("baseline: a systemd that is being started again is asked again", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  let asked = 0;
  host.answers["systemctl show"] = () =>
    ++asked === 1 ? { exitCode: 1 } : { stdout: "Id=a.service\nActiveState=active\n" };
  const { units } = await takeBaseline(host, never);
  assert.deepEqual(
    units.active.map(({ unit }) => unit),
    ["a.service"],
  );
});

test("settling: a unit that fails ends it at once", async () => {
  using host = new EdgeHost();
  looks(host, { "a.service": FAILED, "b.mount": FAILED });
  const settling = await watchSettling(host, standard(), 60, never);
  assert.deepEqual(settling, { kind: "troubled", units: ["a.service failed", "b.mount failed"] });
});

test("settling: one restart is watched on, and forgiven if it was the only one", async () => {
  using host = new EdgeHost();
  looks(host, { "c.service": { ...RUNS, NRestarts: "1" } });
  assert.deepEqual(await watchSettling(host, standard(), 0, never), { kind: "settled" });
  assert.match(host.said.join(), /keeps watching: c\.service has restarted \(1\)/);
});

test("settling: a second restart is a loop", async () => {
  using host = new EdgeHost();
  looks(
    host,
    { "c.service": { ...RUNS, NRestarts: "1" } },
    { "c.service": { ...RUNS, NRestarts: "2" } },
  );
  const settling = await watchSettling(host, standard(), 0, never);
  assert.deepEqual(settling, { kind: "troubled", units: ["c.service restarted itself 2 times"] });
});

test("settling: one restart seen twice is no loop", async () => {
  using host = new EdgeHost();
  looks(
    host,
    { "c.service": WAITS },
    { "c.service": WAITS },
    { "c.service": { ...RUNS, NRestarts: "1" } },
  );
  assert.deepEqual(await watchSettling(host, standard(), 0, never), { kind: "settled" });
});

test("settling: a unit that restarted as often in the boot before is no new trouble", async () => {
  using host = new EdgeHost();
  const often = { active: [ran("c.service", { restarts: 3 })] };
  looks(host, { "c.service": { ...RUNS, NRestarts: "3" } });
  const by = standard(often, { bootId: "boot-2" });
  assert.deepEqual(await watchSettling(host, by, 0, never), { kind: "settled" });
  looks(host, { "c.service": { ...RUNS, NRestarts: "4" } });
  assert.equal((await watchSettling(host, by, 0, never)).kind, "troubled");
});

test("settling: restarts that were counted before the act are not counted again", async () => {
  using host = new EdgeHost();
  looks(host, { "c.service": { ...RUNS, NRestarts: "7" } });
  const by = standard({ active: [ran("c.service", { restarts: 7 })] });
  assert.deepEqual(await watchSettling(host, by, 0, never), { kind: "settled" });
  assert.deepEqual(host.said, []);
});

test("settling: a record of an older version counts from the first look", async () => {
  using host = new EdgeHost();
  looks(host, { "c.service": { ...RUNS, NRestarts: "7" } });
  const old = { ...standard(), baseline: { failed: [], units: null } };
  assert.deepEqual(await watchSettling(host, old, 0, never), { kind: "settled" });
  assert.deepEqual(host.said, []);
});

test("settling: what a unit that has ended needed in its last run is no loop", async () => {
  using host = new EdgeHost();
  const ended = { ...RUNS, ActiveState: "inactive", SubState: "dead", NRestarts: "4" };
  for (const bootId of ["boot-1", "boot-2"]) {
    looks(host, { "c.service": ended });
    const by = standard({ idle: ["c.service"] }, { bootId });
    assert.deepEqual(await watchSettling(host, by, 0, never), { kind: "settled" });
  }
});

/** A service that waits for its restart. */
function again(NRestarts: string, Result: string): Shown {
  return { "c.service": { ...WAITS, NRestarts, Result } };
}

test("settling: a new service that ends with success and is restarted is no loop", async () => {
  using host = new EdgeHost();
  looks(host, again("0", "success"), again("1", "success"), again("2", "success"));
  assert.deepEqual(await watchSettling(host, standard(), 1, never), { kind: "settled" });
  looks(host, again("0", "exit-code"), again("1", "exit-code"), again("2", "exit-code"));
  assert.equal((await watchSettling(host, standard(), 1, never)).kind, "troubled");
  // It ran before, so that it is no service that ends by itself.
  looks(host, again("0", "success"), again("1", "success"), again("2", "success"));
  const by = standard({ active: [ran("c.service")] });
  assert.equal((await watchSettling(host, by, 1, never)).kind, "troubled");
});

test("settling: each call of systemctl has a time limit, because systemd may hang", async () => {
  using host = new EdgeHost();
  const limits: unknown[] = [];
  const answer = host.spawn;
  host.spawn = async (argv, options = {}) => {
    limits.push(options.timeoutMs);
    return await answer(argv, options);
  };
  assert.deepEqual(await watchSettling(host, standard(), 0, never), { kind: "settled" });
  assert.deepEqual(new Set(limits), new Set([30_000]));
});

test("settling: a unit that is still starting is waited for", async () => {
  using host = new EdgeHost();
  const target = { "multi-user.target": TARGET };
  const starting = {
    ...RUNS,
    ActiveState: "activating",
    SubState: "start",
    WantedBy: "multi-user.target",
  };
  looks(
    host,
    { ...target, "slow.service": starting },
    { ...target, "slow.service": starting },
    { ...target, "slow.service": { ...starting, ...FAILED } },
  );
  const by = standard({ active: [ran("slow.service")] });
  assert.deepEqual(await watchSettling(host, by, 0, never), {
    kind: "troubled",
    units: ["slow.service failed"],
  });
  assert.match(host.said.join(), /keeps watching: slow\.service is still starting/);
});

test("settling: a transient unit counts only if it stays failed", async () => {
  using host = new EdgeHost();
  const probe = { ...FAILED, Transient: "yes" };
  looks(host, { "p.service": probe }, { "p.service": { ...RUNS, Transient: "yes" } });
  assert.deepEqual(await watchSettling(host, standard(), 0, never), { kind: "settled" });
  looks(host, { "p.service": probe });
  assert.deepEqual(await watchSettling(host, standard(), 0, never), {
    kind: "troubled",
    units: ["p.service failed"],
  });
});

test("settling: a unit of the baseline that is not even loaded is asked for by its name", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: "multi-user.target loaded active active X\n" };
  host.answers["systemctl show"] = (argv) => ({
    stdout: argv.includes("gone.service")
      ? "Id=gone.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nWantedBy=multi-user.target\n"
      : "",
  });
  const by = standard({ active: [ran("gone.service")] });
  assert.deepEqual(await watchSettling(host, by, 0, never), {
    kind: "troubled",
    units: ["gone.service ran before and was not started again"],
  });
});

const command = { kind: "command", timeout: 10, interval: 1, deadline: 0 } as const;

test("verify: units first, then all checks, with their names", async () => {
  using host = new EdgeHost();
  host.answers["bad"] = { exitCode: 1 };
  const checks = [
    { ...command, command: ["good"] },
    { ...command, command: ["bad"], name: "the bad one" },
  ];
  const config = { ...DEFAULT_CONFIG.verify, settle: 0, checks };
  const results = await verify(host, config, standard(), never);
  assert.deepEqual(
    results.map(({ name, kind, result }) => [name, kind, result]),
    [
      ["units settle", "failed-units", "passed"],
      ["good", "command", "passed"],
      ["the bad one", "command", "failed"],
    ],
  );
});

test("verify: if units fail, checks are left out", async () => {
  using host = new EdgeHost();
  looks(host, { "a.service": FAILED, "b.mount": FAILED });
  const config = { ...DEFAULT_CONFIG.verify, checks: [{ ...command, command: ["good"] }] };
  const results = await verify(host, config, standard(), never);
  assert.deepEqual(
    results.map(({ result, detail }) => [result, detail]),
    [["failed", "a.service failed; b.mount failed"]],
  );
});

test("verify: nothing to check is one passed result", async () => {
  using host = new EdgeHost();
  const results = await verify(host, { ...DEFAULT_CONFIG.verify, settle: 0 }, standard(), never);
  assert.equal(results.length, 1);
});
