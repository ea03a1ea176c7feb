process.env["TZ"] = "UTC";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT } from "../../src/core/outcome.ts";
import { fleetSchema } from "../../src/json/fleet.ts";
import { aMember, aRollout, viewOf } from "../view/fleet-samples.ts";
import { terminalOf } from "../../src/view/style.ts";
import { FleetHost } from "./fleet-operated.ts";
import { parseJson } from "./operating.ts";

const FOLLOW = { act: "status", shown: "notable", until: "end" } as const;
const HALT = {
  at: "2026-11-22T21:29:00.000Z",
  by: "web2",
  why: "web2 failed",
  kind: "failures",
} as const;

const BEGUN = viewOf(aRollout(), aMember(0, 1, "acting"), aMember(1, 2, "waiting"));
const SOAKS = viewOf(aRollout(), aMember(0, 1, "soaking"), aMember(1, 2, "waiting"));
const NEXT_WAVE = viewOf(aRollout(), aMember(0, 1, "live"), aMember(1, 2, "acting"));
const COMPLETE = viewOf(aRollout(), aMember(0, 1, "live"), aMember(1, 2, "live"));
const HALTING = viewOf(
  aRollout({ halt: HALT }),
  aMember(0, 1, "live"),
  aMember(1, 2, "failed", { why: "it broke" }),
  aMember(1, 3, "acting"),
);
const HALTED = viewOf(
  aRollout({ halt: HALT }),
  aMember(0, 1, "live"),
  aMember(1, 2, "failed", { why: "it broke" }),
  aMember(1, 3, "live"),
  aMember(2, 4, "waiting"),
);

/** Tells one view after the other, each when the one before was looked at and shown. */
async function through(host: FleetHost, ...views: Parameters<typeof host.server.tell>[0][]) {
  for (const view of views) {
    const { looks } = host.server;
    host.server.tell(view);
    await host.until(() => host.server.looks > looks);
  }
}

test("fleet status --follow: a line for each change, until all hosts are live", async () => {
  using host = new FleetHost();
  host.server.tell(BEGUN);
  const following = host.fleet(FOLLOW);
  await host.until(() => host.lines.length > 0);
  await through(host, SOAKS, NEXT_WAVE, COMPLETE);
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, EXIT.done);
  assert.deepEqual(stdout.split("\n").slice(0, -1), [
    "21:30:00 rollout 4dcaa3f8a0c5: 0 of 2 waves complete, 0 of 2 hosts live, started by web1",
    "21:27:00 wave 0, web1: soaking",
    "21:27:00 wave 0, web1: live",
    "21:27:00 wave 1, web2: acting",
    "21:30:00 wave 0: complete; 1 of 2 waves complete, 1 of 2 hosts live",
    "21:27:00 wave 1, web2: live",
    "21:30:00 wave 1: complete; complete, 2 of 2 hosts live",
  ]);
});

test("fleet status --follow: ends with 1 when it is halted and nothing moves", async () => {
  using host = new FleetHost();
  host.server.tell(NEXT_WAVE);
  const following = host.fleet(FOLLOW);
  await host.until(() => host.lines.length > 0);
  await through(host, HALTING, HALTED);
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, EXIT.failed);
  assert.match(
    stdout,
    /\n21:29:00 halted: by web2: web2 failed\n.*wave 1, web2: failed: it broke\n/,
  );
});

test("fleet status --follow: goes on when an etcd that was away answers again", async () => {
  using host = new FleetHost();
  host.server.tell(BEGUN);
  const following = host.fleet(FOLLOW);
  await host.until(() => host.lines.length > 0);
  await through(host, { kind: "unknown", why: "no leader" }, { kind: "unknown", why: "no leader" });
  await through(host, COMPLETE);
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, EXIT.done);
  assert.equal(stdout.match(/unknown: no leader\n/g)?.length, 1);
});

for (const [what, view, exitCode] of [
  ["no rollout", viewOf(null), EXIT.done],
  ["a complete one", COMPLETE, EXIT.done],
  ["a halted one", HALTED, EXIT.failed],
  ["an etcd that does not answer", { kind: "unknown", why: "no leader" }, EXIT.failed],
] as const) {
  test(`fleet status --follow: ends at once with ${what}`, async () => {
    using host = new FleetHost();
    host.server.tell(view);
    const said = await host.fleet(FOLLOW);
    assert.equal(said.exitCode, exitCode);
    assert.notEqual(said.stdout, "");
  });
}

test("fleet status --follow --json: a line for each change", async () => {
  using host = new FleetHost();
  host.server.tell(BEGUN);
  const following = host.fleet(FOLLOW, { json: true });
  await host.until(() => host.lines.length > 0);
  await through(host, BEGUN, NEXT_WAVE, COMPLETE);
  const { stdout } = await following;
  const lines = stdout.trim().split("\n");
  const live = lines.map((line) => parseJson(fleetSchema, line).waves?.map((wave) => wave.live));
  assert.deepEqual(live, [
    [0, 0],
    [1, 0],
    [1, 1],
  ]);
});

test("fleet status --follow: on a terminal the screen is drawn over, and at last stands in full", async () => {
  using host = new FleetHost();
  host.terminal = terminalOf({ columns: 80, rows: 6 });
  host.env = { NO_COLOR: "1" };
  host.server.tell(BEGUN);
  const following = host.fleet(FOLLOW);
  await host.until(() => host.lines.length > 0);
  assert.equal(host.lines[0]?.split("\n").length, 6);
  await through(host, COMPLETE);
  assert.equal((await following).exitCode, EXIT.done);
  const last = host.lines.at(-1) ?? "";
  assert.ok(last.startsWith("\u001B[5A\r"), last);
  assert.match(last, /rollout.*web2 +live/s);
});

test("fleet status --follow: on a terminal the ages grow without a request", async () => {
  using host = new FleetHost();
  host.terminal = terminalOf({ columns: 80 });
  host.server.tell(BEGUN);
  const following = host.fleet(FOLLOW);
  await host.until(() => host.lines.length > 0);
  host.passes(60_000);
  await host.until(() => host.lines.at(-1)?.includes("4 min ago") ?? false);
  assert.equal(host.server.looks, 1);
  host.stop.abort();
  assert.equal((await following).exitCode, EXIT.unfinished);
});

test("fleet status --follow: ends when it is asked to", async () => {
  using host = new FleetHost();
  host.server.tell(BEGUN);
  host.stop.abort();
  assert.equal((await host.fleet(FOLLOW, { json: true })).exitCode, EXIT.unfinished);
});
