import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeAfterOutput } from "../../src/cli/context.ts";
import { EXIT } from "../../src/core/outcome.ts";
import { fleetActSchema, fleetHistorySchema, fleetSchema } from "../../src/json/fleet.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { aMember, aRollout, viewOf } from "../view/fleet-samples.ts";
import { FleetHost } from "./fleet-operated.ts";
import { LockedHost } from "./locked-host.ts";
import { parseJson } from "./operating.ts";

const STATUS = { act: "status", shown: "notable", until: "now" } as const;
const HALT = {
  at: "2026-11-22T21:29:00.000Z",
  by: "web2",
  why: "web2 failed",
  kind: "failures",
} as const;
const FAILURE = {
  id: "id-web2",
  host: "web2",
  wave: 0,
  finalization: "20261122-211500-km17",
  why: "units settle: web.service failed",
  at: HALT.at,
};
const HALTED = aRollout({ halt: HALT, failures: [FAILURE] });
const TWO = [aMember(0, 1, "live"), aMember(1, 2, "waiting")];

test("fleet status: the rollout, and with --json as its schema says", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(HALTED, ...TWO));
  const said = await host.fleet(STATUS);
  assert.equal(said.exitCode, EXIT.done);
  assert.match(
    said.stdout,
    /^x rollout 4dcaa3f8a0c5: .*\n.*\n {2}halted 1 min ago by web2: web2 failed\n/,
  );
  assert.equal((await host.fleet(STATUS, { quiet: true })).stdout, said.stdout);
  const json = parseJson(fleetSchema, (await host.fleet(STATUS, { json: true })).stdout);
  assert.deepEqual(
    json.waves?.map(({ isComplete, live, hosts }) => [isComplete, live, hosts[0]?.isThisHost]),
    [
      [true, 1, true],
      [false, 0, false],
    ],
  );
  assert.deepEqual(
    json.rollout?.failures.map(({ isForgiven }) => isForgiven),
    [false],
  );
});

test("fleet status: what a host waits for is as it is now, not as it noted when it asked", async () => {
  const limit = "(waits until 2026-11-22T22:16:00.000Z)";
  const noted = `waits for wave 0: 0 of 2 hosts have ended live; web1 does not take part yet ${limit}`;
  const waiting = aMember(1, 3, "waiting", { why: noted });
  const cases = [
    [
      aMember(0, 1, "absent"),
      aMember(0, 2, "live"),
      `1 of 2 hosts has ended live; web1 does not take part yet ${limit}`,
    ],
    [aMember(0, 1, "soaking"), aMember(0, 2, "acting"), "0 of 2 hosts have ended live"],
    [aMember(0, 1, "live"), aMember(0, 2, "live"), null],
  ] as const;
  for (const [first, second, expected] of cases) {
    using host = new FleetHost();
    host.server.tell(viewOf(aRollout(), first, second, waiting));
    const json = parseJson(fleetSchema, (await host.fleet(STATUS, { json: true })).stdout);
    const now =
      expected === null
        ? "asks again: the lower waves are complete"
        : `waits for wave 0: ${expected}`;
    assert.equal(json.waves?.at(-1)?.hosts[0]?.why, now);
  }
  using host = new FleetHost();
  const own = "rollout 4dcaa3f8a0c5 is halted for this host: web2 failed";
  host.server.tell(viewOf(aRollout(), aMember(0, 1, "acting"), { ...waiting, why: own }));
  const json = parseJson(fleetSchema, (await host.fleet(STATUS, { json: true })).stdout);
  assert.equal(json.waves?.at(-1)?.hosts[0]?.why, own);
});

test("fleet status: an etcd that does not answer: exit 1, with the reason", async () => {
  using host = new FleetHost();
  host.server.tell({ kind: "unknown", why: "connect ECONNREFUSED" });
  const said = await host.fleet(STATUS);
  assert.equal(said.exitCode, EXIT.failed);
  assert.match(said.stdout, /the rollout is unknown: connect ECONNREFUSED/);
  const json = await host.fleet(STATUS, { json: true });
  assert.equal(json.exitCode, EXIT.failed);
  assert.equal(parseJson(fleetSchema, json.stdout).unknown, "connect ECONNREFUSED");
});

test("fleet history: so many of the newest, and with --json as its schema says", async () => {
  using host = new FleetHost();
  const past = ["newest", "older", "oldest"].map((name) => {
    return { ...aRollout({ name }), endedAt: HALT.at, live: 1, members: 2 };
  });
  host.server.past = { kind: "known", past };
  const said = await host.fleet({ act: "history", limit: 2 });
  assert.match(said.stdout, /newest.*\n.*older/);
  assert.doesNotMatch(said.stdout, /oldest/);
  const { stdout } = await host.fleet({ act: "history", limit: 20 }, { json: true });
  assert.equal(parseJson(fleetHistorySchema, stdout).past.length, 3);
  // The commit status of the group says the same.
  const [some] = past;
  assert.ok(some !== undefined);
  host.server.past = { kind: "known", past: [some, { ...some, isOver: true }] };
  const told = await host.fleet({ act: "history", limit: 20 }, { json: true });
  const ends = parseJson(fleetHistorySchema, told.stdout).past.map(({ end }) => end);
  assert.deepEqual(ends, ["superseded", "live"]);
  host.server.past = { kind: "unknown", why: "no leader" };
  await host.refuses({ act: "history", limit: 2 }, /the history is unknown: no leader/);
});

test("fleet halt: asks, names its effect, and tells etcd who and why", async () => {
  using host = new FleetHost();
  host.env = { SUDO_USER: "anna" };
  host.server.tell(viewOf(aRollout(), ...TWO));
  host.server.act = { kind: "done", rollout: HALTED };
  const order = { act: "halt", why: "the database is slow" } as const;
  await host.refuses(
    order,
    /Halt the rollout 4dcaa3f8a0c5 of group web\? 1 of 2 hosts are live.*Use --yes/,
  );
  host.answer = "n";
  await host.refuses(order, /cancelled; nothing was changed/);
  assert.deepEqual(host.server.asked, []);
  host.answer = "y";
  const said = await host.fleet(order);
  assert.deepEqual(said, {
    exitCode: EXIT.done,
    stdout: "rollout 4dcaa3f8a0c5 of group web is halted\n",
    stderr: "",
  });
  assert.deepEqual(host.server.asked, [["halt", "anna on web1", "the database is slow"]]);
});

test("fleet halt --yes: one request, without a look before it", async () => {
  using host = new FleetHost();
  host.server.act = { kind: "done", rollout: HALTED };
  const order = { act: "halt", why: undefined } as const;
  const said = await host.fleet(order, { yes: true, json: true });
  const json = parseJson(fleetActSchema, said.stdout);
  assert.deepEqual([json.act, json.by, json.rollout.halt], ["halt", "root on web1", HALT]);
  assert.deepEqual(host.server.asked, [["halt", "root on web1", "by hand"]]);
  assert.equal(host.server.looks, 0);
  const quiet = await host.fleet(order, { yes: true, quiet: true });
  assert.deepEqual(quiet, { exitCode: EXIT.done, stdout: "", stderr: "" });
});

test("fleet status: hosts in the order of their numbers", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(aRollout(), ...[10, 9, 2].map((number) => aMember(0, number, "live"))));
  assert.match((await host.fleet(STATUS)).stdout, /web2 .*\n.*web9 .*\n.*web10 /);
});

test("fleet halt: can be asked for if the rollout cannot be shown", async () => {
  using host = new FleetHost();
  host.server.tell({ kind: "unknown", why: "member/0001/x holds no host" });
  host.server.act = { kind: "done", rollout: HALTED };
  host.answer = "y";
  assert.equal((await host.fleet({ act: "halt", why: undefined })).exitCode, EXIT.done);
});

test("fleet resume: names the failures that it forgives", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(HALTED, ...TWO));
  host.server.act = { kind: "done", rollout: aRollout() };
  await host.refuses(
    { act: "resume" },
    /Resume the rollout .*\? It forgives the failure of web2\. Then the hosts that wait act/,
  );
  const said = await host.fleet({ act: "resume" }, { yes: true });
  assert.equal(said.stdout, "rollout 4dcaa3f8a0c5 of group web goes on\n");
});

test("fleet forget: names the host, by its name or its id", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(aRollout(), ...TWO));
  host.server.act = { kind: "done", rollout: aRollout() };
  host.answer = "y";
  for (const name of ["web2", "id-web2"]) {
    const said = await host.fleet({ act: "forget", host: name });
    assert.equal(
      said.stdout,
      `rollout 4dcaa3f8a0c5 of group web does not wait for ${name} any more\n`,
    );
  }
  const { stdout } = await host.fleet({ act: "forget", host: "web2" }, { json: true });
  assert.equal(parseJson(fleetActSchema, stdout).host, "web2");
});

test("fleet forget: says that the host acts", async () => {
  using host = new FleetHost();
  host.server.tell(viewOf(aRollout(), aMember(0, 1, "acting")));
  const order = { act: "forget", host: "id-web1" } as const;
  await host.refuses(order, /^Forget web1 of group web\? It is acting now\. Then no host waits/);
});

const nothing = [
  [
    "no rollout to halt",
    viewOf(null),
    { act: "halt", why: undefined },
    /there is no rollout of group web/,
  ],
  [
    "a halted one to halt",
    viewOf(HALTED, ...TWO),
    { act: "halt", why: undefined },
    /was halted 1 min ago by web2: web2 failed/,
  ],
  ["one that goes on to resume", viewOf(aRollout(), ...TWO), { act: "resume" }, /is not halted/],
  [
    "an unknown host to forget",
    viewOf(aRollout(), ...TWO),
    { act: "forget", host: "web3" },
    /no host web3 in group web; known: web1, web2\. Did you mean web[12]\?$/,
  ],
] as const;
for (const [what, view, order, why] of nothing) {
  test(`fleet: refuses ${what}, before it asks`, async () => {
    using host = new FleetHost();
    host.answer = "y";
    host.server.tell(view);
    await host.refuses(order, why);
    assert.deepEqual(host.server.asked, []);
  });
}

test("fleet: what etcd refuses, and what is unknown, is said", async () => {
  using host = new FleetHost();
  await host.refuses({ act: "resume" }, /there is nothing to do/, { yes: true });
  host.server.act = { kind: "unknown", why: "no answer within 10 s" };
  await host.refuses(
    { act: "resume" },
    /it is unknown whether this was done: no answer within 10 s\. Look/,
    { yes: true },
  );
});

const refused: [string, string[], number, RegExp][] = [
  ["no fleet", ["status"], EXIT.failed, /no rollouts are configured\. Set `fleet` and `lock`/],
  [
    "another word",
    ["take"],
    EXIT.usage,
    /Allowed choices are status, history, halt, resume, forget/,
  ],
  ["no word", [], EXIT.usage, /missing required argument/],
  ["a wrong group", ["status", "--group", "a b"], EXIT.usage, /Use letters, digits/],
  ["forget without a host", ["forget"], EXIT.usage, /name the host/],
  ["a host for status", ["status", "web1"], EXIT.usage, /`fleet status` takes no host/],
  [
    "--follow for halt",
    ["halt", "--follow"],
    EXIT.usage,
    /--follow is an option of `fleet status` only/,
  ],
  [
    "--why for resume",
    ["resume", "--why", "x"],
    EXIT.usage,
    /--why is an option of `fleet halt` only/,
  ],
  ["an empty --why", ["halt", "--why", " "], EXIT.usage, /It is empty/],
];
for (const [what, words, exitCode, why] of refused) {
  test(`fleet: refuses ${what}`, async () => {
    using host = new LockedHost(null);
    const said = await host.operate("fleet", ...words);
    assert.equal(said.exitCode, exitCode);
    assert.match(said.stderr, why);
  });
}

test("fleet: output that is lost is a failure only of what shows something", () => {
  using host = new FleetHost();
  const context = { ...host.context({ stdout: "", stderr: "" }), unwritten: () => "ENOSPC" };
  const codes = ["status", "history", "halt", "resume", "forget"].map((word) =>
    exitCodeAfterOutput(context, ["fleet", "--yes", word], EXIT.done),
  );
  assert.deepEqual(codes, [EXIT.failed, EXIT.failed, EXIT.done, EXIT.done, EXIT.done]);
});

test("fleet: needs root", async () => {
  using host = new LockedHost(etcdConfig(["http://127.0.0.1:9"]), { fleet: { wave: 0 } });
  host.userId = 1000;
  assert.match((await host.operate("fleet", "status")).stderr, /needs root/);
});

test("fleet: with FleetLock it is refused", async () => {
  using host = new LockedHost(fleetLockConfig("http://127.0.0.1:9"), { fleet: { wave: 0 } });
  const said = await host.operate("fleet", "status");
  assert.notEqual(said.exitCode, EXIT.done);
  assert.match(said.stderr, /etcd/);
});
