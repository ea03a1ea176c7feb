import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { newFailures, newRestarts, watchSettling } from "../../src/checks/settling.ts";
import { verify } from "../../src/checks/verify.ts";
import { DEFAULT_CHECK_TIMES, DEFAULT_CONFIG } from "../../src/core/config.ts";
import { listTroubled, takeBaseline } from "../../src/host/failed-units.ts";
import { parseUnits } from "../../src/host/unit-list.ts";
import { EdgeHost } from "../support/edge-host.ts";

const never = new AbortController().signal;
const nothing = { baseline: [], ignored: [] };
const LIST = `  a.service loaded failed failed Alpha
● b.mount loaded failed failed Bravo
c.service loaded activating auto-restart Charlie
deploy-finalize-1.service loaded failed failed Ours
`;

test("troubled units: failed and restarting ones, never our own", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: LIST };
  assert.deepEqual(await listTroubled(host), [
    { unit: "a.service", kind: "failed" },
    { unit: "b.mount", kind: "failed" },
    { unit: "c.service", kind: "restarting" },
  ]);
});

test("listed units: any text is read without a crash", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      parseUnits(text);
    }),
  );
});

test("new failures: not what had failed before, nor what is ignored", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: LIST };
  const excused = { baseline: [{ unit: "a.service", restarts: 0 }], ignored: ["*.mount"] };
  assert.deepEqual(
    newFailures(await listTroubled(host), excused).map(({ unit }) => unit),
    ["c.service"],
  );
});

test("new restarts: a count that fell has begun anew", () => {
  const before = new Map([
    ["a", 1],
    ["b", 5],
    ["c", 3],
  ]);
  const now = new Map([
    ["a", 3],
    ["b", 2],
    ["c", 3],
    ["d", 1],
    ["e", 0],
  ]);
  assert.deepEqual(
    newRestarts(before, now, nothing),
    new Map([
      ["a", 2],
      ["b", 2],
      ["d", 1],
    ]),
  );
});

test("baseline: units in trouble, and those that restarted themselves lately", async () => {
  using host = new EdgeHost();
  const now = host.time / 1000;
  host.answers["systemctl list-units"] = { stdout: LIST };
  host.showUnits({
    "c.service": { NRestarts: "4", ExecMainStartTimestamp: `@${now - 1}` },
    "loop.service": { NRestarts: "9", ExecMainStartTimestamp: `@${now - 5}` },
    "once.service": { NRestarts: "1", ExecMainStartTimestamp: `@${now - 5000}` },
    "new.service": { NRestarts: "0", ExecMainStartTimestamp: `@${now - 1}` },
    "none.service": { NRestarts: "", ExecMainStartTimestamp: "" },
  });
  const baseline = await takeBaseline(host);
  assert.deepEqual(baseline, [
    { unit: "a.service", restarts: 0 },
    { unit: "b.mount", restarts: 0 },
    { unit: "c.service", restarts: 4 },
    { unit: "loop.service", restarts: 9 },
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(baseline)), baseline);
});

test("settling: a unit that fails ends it at once", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: LIST };
  const settling = await watchSettling(host, nothing, 60, never);
  assert.deepEqual(settling, { kind: "troubled", units: ["a.service failed", "b.mount failed"] });
});

/** A service whose count of restarts is one of the list at each look, the last one from then on. */
function restarting(host: EdgeHost, counts: number[], list = ""): void {
  host.answers["systemctl list-units"] = { stdout: list };
  host.answers["systemctl show"] = () => {
    const count = counts.length > 1 ? counts.shift() : counts[0];
    return { stdout: `Id=c.service\nNRestarts=${count}\n` };
  };
}

test("settling: one restart is watched on, and forgiven where it was the only one", async () => {
  using host = new EdgeHost();
  restarting(host, [0, 1]);
  assert.deepEqual(await watchSettling(host, nothing, 0, never), { kind: "settled" });
  assert.match(host.said.join(), /watches c\.service on/);
});

test("settling: a restart in each of the two watches is a loop", async () => {
  using host = new EdgeHost();
  restarting(host, [0, 1, 2]);
  const settling = await watchSettling(host, nothing, 0, never);
  assert.deepEqual(settling, {
    kind: "troubled",
    units: ["c.service restarts again and again"],
  });
});

test("settling: a unit that waits for its restart all the time is a loop", async () => {
  using host = new EdgeHost();
  restarting(host, [0], "c.service loaded activating auto-restart Charlie\n");
  assert.equal((await watchSettling(host, nothing, 0, never)).kind, "troubled");
});

test("settling: two restarts in one watch end it", async () => {
  using host = new EdgeHost();
  restarting(host, [0, 2]);
  const settling = await watchSettling(host, nothing, 0, never);
  assert.deepEqual(settling, { kind: "troubled", units: ["c.service restarted itself 2 times"] });
});

const command = { kind: "command", ...DEFAULT_CHECK_TIMES, deadline: 0 } as const;

test("verify: units first, then all checks, with their names", async () => {
  using host = new EdgeHost();
  host.answers["bad"] = { exitCode: 1 };
  const checks = [
    { ...command, command: ["good"] },
    { ...command, command: ["bad"], name: "the bad one" },
  ];
  const config = { ...DEFAULT_CONFIG.verify, settle: 0, checks };
  const results = await verify(host, config, [], never);
  assert.deepEqual(
    results.map(({ name, kind, result }) => [name, kind, result]),
    [
      ["units settle", "failed-units", "passed"],
      ["good", "command", "passed"],
      ["the bad one", "command", "failed"],
    ],
  );
});

test("verify: where units fail, checks are left out", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: LIST };
  const config = { ...DEFAULT_CONFIG.verify, checks: [{ ...command, command: ["good"] }] };
  const results = await verify(host, config, [], never);
  assert.deepEqual(
    results.map(({ result, detail }) => [result, detail]),
    [["failed", "a.service failed; b.mount failed"]],
  );
});

test("verify: nothing to check is one passed result", async () => {
  using host = new EdgeHost();
  const results = await verify(host, { ...DEFAULT_CONFIG.verify, settle: 0 }, [], never);
  assert.equal(results.length, 1);
});
