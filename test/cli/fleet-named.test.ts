process.env["TZ"] = "UTC";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT } from "../../src/core/outcome.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { PastRollout, Rollout } from "../../src/core/fleet/rollout.ts";
import { terminalOf } from "../../src/view/style.ts";
import { aMember, aRollout, REVISION, viewOf } from "../view/fleet-samples.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { FleetHost } from "./fleet-operated.ts";
import { parseJson } from "./operating.ts";
import { fleetSchema } from "../../src/json/fleet.ts";
import { LockedHost } from "./locked-host.ts";

const HALT = {
  at: "2026-11-22T21:20:00.000Z",
  by: "anna on web2",
  why: "disk prices",
  kind: "operator",
} as const;
const FAILURE = {
  id: "id-web2",
  host: "web2",
  wave: 0,
  finalization: "20261122-211500-km17",
  why: "sshd.service failed",
  at: "2026-11-22T21:19:00.000Z",
};

const NAMED = { act: "status", shown: "notable", until: "end", rollout: REVISION } as const;

const OLD = aRollout({ seq: 6, name: "night" });
const BEFORE = viewOf(OLD, aMember(0, 1, "live"));
const BEGUN = viewOf(aRollout(), aMember(0, 1, "acting"));
const COMPLETE = viewOf(aRollout(), aMember(0, 1, "live"));
const NEXT = viewOf(aRollout({ seq: 8, name: "fix" }), aMember(0, 1, "acting"));

function past(rollout: Rollout): PastRollout {
  return { ...rollout, endedAt: "2026-11-22T21:40:00.000Z", live: 0, members: 1 };
}

/** Tells one view after the other, each when the one before was looked at and shown. */
async function through(host: FleetHost, ...views: Parameters<typeof host.server.tell>[0][]) {
  for (const view of views) {
    const { looks } = host.server;
    host.server.tell(view);
    await host.until(() => host.server.looks > looks);
  }
}

test("fleet status --follow --rollout: the end of the rollout before is not that of the named one", async () => {
  using host = new FleetHost();
  host.server.tell(BEFORE);
  const following = host.fleet(NAMED);
  await host.until(() => host.lines.length > 0);
  await through(host, BEFORE, BEGUN, COMPLETE);
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, EXIT.done);
  assert.deepEqual(stdout.split("\n").slice(0, -1), [
    "21:30:00 rollout 4dcaa3f8a0c5: has not begun yet",
    "21:30:00 rollout 4dcaa3f8a0c5: 0 of 1 waves complete, 0 of 1 hosts live, started by web1",
    "21:27:00 wave 0, web1: live",
    "21:30:00 wave 0: complete; complete, 1 of 1 hosts live",
  ]);
});

test("fleet status --follow --rollout: also the first rollout of a group, and by a short name", async () => {
  using host = new FleetHost();
  host.terminal = terminalOf({ columns: 80 });
  const following = host.fleet({ ...NAMED, rollout: REVISION.slice(0, 12) });
  await host.until(() => host.lines.length > 0);
  assert.match(
    host.lines.join(""),
    /rollout 4dcaa3f8a0c5 has not begun yet: no host has joined it/,
  );
  await through(host, COMPLETE);
  assert.equal((await following).exitCode, EXIT.done);
});

test("fleet status --follow --rollout --json: a line is of the named rollout", async () => {
  using host = new FleetHost();
  host.server.tell(BEFORE);
  const following = host.fleet(NAMED, { json: true });
  await host.until(() => host.server.looks > 0);
  await through(host, BEGUN, COMPLETE);
  const lines = (await following).stdout.trim().split("\n");
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.includes(REVISION)));
});

/** What the call is refused with; null if it was not. */
async function refusalOf(said: Promise<unknown>): Promise<string | null> {
  return await said.then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.exitCode, EXIT.failed);
      return error.message;
    },
  );
}

test("fleet status --follow --rollout: fails if another rollout replaces it", async () => {
  for (const isSeen of [true, false]) {
    using host = new FleetHost();
    host.server.tell(isSeen ? BEGUN : BEFORE);
    const following = refusalOf(host.fleet(NAMED));
    await host.until(() => host.lines.length > 0);
    host.server.past = { kind: "known", past: [past(aRollout()), past(OLD)] };
    host.server.tell(NEXT);
    const why = `rollout ${REVISION} of group web was superseded by fix`;
    assert.equal(await following, why);
  }
});

const REPLACED = viewOf(aRollout({ seq: 8, name: "fix" }), aMember(0, 1, "live"));

const ENDS: readonly (readonly [string, Partial<PastRollout>, string])[] = [
  ["on its way", { isOver: false }, "was superseded by fix"],
  [
    "halted",
    { halt: HALT },
    "was halted by anna on web2: disk prices, and was then superseded by fix",
  ],
  [
    "ended with failures",
    { isOver: true, failures: [FAILURE] },
    "ended with failures (web2), and was then superseded by fix",
  ],
];

for (const [what, changes, words] of ENDS) {
  test(`fleet status --follow --rollout: ends at once with 1 for a rollout that was replaced ${what}`, async () => {
    using host = new FleetHost();
    const replaced: PastRollout = { ...past(aRollout()), ...changes };
    host.server.past = { kind: "known", past: [replaced, past(OLD)] };
    host.server.tell(REPLACED);
    assert.equal(await refusalOf(host.fleet(NAMED)), `rollout ${REVISION} of group web ${words}`);
    assert.equal(host.lines.join(""), `21:30:00 rollout 4dcaa3f8a0c5: ${words}\n`);
  });
}

test("fleet status --follow --rollout: a rollout that was live before another one replaced it is done", async () => {
  using host = new FleetHost();
  host.server.past = { kind: "known", past: [{ ...past(aRollout()), live: 3, members: 3 }] };
  host.server.tell(REPLACED);
  const words = "ended live on 3 of 3 hosts, and was then superseded by fix";
  const lines = await host.fleet(NAMED);
  assert.equal(lines.exitCode, EXIT.done);
  assert.equal(lines.stdout, `21:30:00 rollout 4dcaa3f8a0c5: ${words}\n`);
  const json = await host.fleet(NAMED, { json: true });
  assert.equal(json.exitCode, EXIT.done);
  const seen = parseJson(fleetSchema, json.stdout);
  assert.deepEqual([seen.rollout?.name, seen.waves, seen.unknown], [REVISION, null, null]);
  host.terminal = terminalOf({ columns: 80 });
  const screen = await host.fleet(NAMED);
  assert.equal(screen.exitCode, EXIT.done);
  assert.match(screen.stdout, /ended live on 3 of 3 hosts/);
});

test("fleet status --follow --rollout: a commit that this host was given again begins anew", async () => {
  using host = new FleetHost();
  host.own = { rollout: REVISION, scheduledAt: "2026-11-22T21:41:00.000Z" };
  host.server.past = { kind: "known", past: [past(aRollout({ seq: 5 }))] };
  host.server.tell(BEFORE);
  const following = host.fleet(NAMED);
  await host.until(() => host.lines.length > 0);
  await through(host, viewOf(aRollout({ seq: 7, name: "fix" }), aMember(0, 1, "acting")));
  const again = viewOf(aRollout({ seq: 9 }), aMember(0, 1, "live"));
  await through(host, again);
  assert.equal((await following).exitCode, EXIT.done);
});

test("fleet status --follow --rollout: while the rollouts before are unknown, so is the named one", async () => {
  using host = new FleetHost();
  host.server.past = { kind: "unknown", why: "no leader" };
  host.server.tell(BEFORE);
  const { exitCode, stdout } = await host.fleet(NAMED);
  assert.equal(exitCode, EXIT.failed);
  assert.match(stdout, /unknown: no leader/);
});

test("fleet status --follow: ends with 1 if a host has failed, though the others went on", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(aRollout(), aMember(0, 1, "failed"), aMember(1, 2, "live")));
  assert.equal((await host.fleet(NAMED)).exitCode, EXIT.failed);
  host.server.tell(viewOf(aRollout(), aMember(0, 1, "without"), aMember(1, 2, "live")));
  assert.equal((await host.fleet(NAMED)).exitCode, EXIT.done);
});

for (const [what, words, why] of [
  ["--rollout without --follow", ["status", "--rollout", "x"], /--rollout needs --follow/],
  [
    "--rollout for halt",
    ["halt", "--rollout", "x"],
    /--rollout is an option of `fleet status` only/,
  ],
  ["an empty --rollout", ["status", "--follow", "--rollout", ""], /It is no name of a rollout/],
  ["more past rollouts than are shown", ["history", "-n", "101"], /a whole number from 1 to 100/],
] as const) {
  test(`fleet: refuses ${what}`, async () => {
    using host = new LockedHost(null);
    const said = await host.operate("fleet", ...words);
    assert.equal(said.exitCode, EXIT.usage);
    assert.match(said.stderr, why);
  });
}

test("fleet: an order without the files that etcd asks for has not been carried out, and says so", async () => {
  for (const [files, what] of [
    [{ username: "hosts", passwordFile: "/absent/password" }, "the password"],
    [{ caFile: "/absent/ca.pem" }, "a file for TLS"],
  ] as const) {
    const lock = etcdConfig(["https://127.0.0.1:9"], files);
    using host = new LockedHost(lock, { fleet: { wave: 0 } });
    for (const order of [["halt"], ["resume"], ["forget", "web1"]]) {
      const said = await host.operate("fleet", "--yes", ...order);
      assert.equal(said.exitCode, EXIT.failed);
      assert.ok(said.stderr.includes(`this host cannot read ${what}: ENOENT`), said.stderr);
      assert.match(said.stderr, /Etcd was not asked/);
      assert.doesNotMatch(said.stderr, /unknown/);
    }
    const shown = await host.operate("fleet", "status");
    assert.match(
      shown.stdout.replaceAll(/\s+/g, " "),
      new RegExp(`unknown: this host cannot read ${what}`),
    );
  }
});
