import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { statusSchema } from "../../src/json/status.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { listing } from "../support/listing.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";
import { RECORDS } from "../view/samples.ts";
import { terminalOf } from "../../src/view/style.ts";
import { ID, LockedHost } from "./locked-host.ts";
import { NOTE, OperatedHost, parseJson } from "./operating.ts";

const NOW = new Date("2026-11-22T21:29:30Z");

test("status: on a host never finalized it says so, and shows the host", async () => {
  using host = new OperatedHost();
  host.setProfile(host.booted);
  const before = listing(host.folder.path);
  const { exitCode, stdout, stderr } = await host.operate("status");
  assert.deepEqual(listing(host.folder.path), before);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.match(stdout, /no finalization on this host/);
  assert.match(stdout, /booted, current, profile {2}generation 2/);
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.deepEqual([json.finalization, json.hidden], [null, null]);
  assert.equal(json.host.booted.toplevel, host.booted);
});

for (const [name, record] of Object.entries(RECORDS)) {
  test(`status: --json of ${name} is as its schema says`, async () => {
    using host = new OperatedHost();
    host.save(record);
    host.drive(record.id, null);
    const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
    assert.equal(json.finalization?.state, record.state);
    assert.equal(json.finalization?.timeline.length, record.timeline.length);
    assert.equal(json.driver === null, json.finalization?.outcome !== null);
  });
}

test("status: the newest by default, another one by its id or its last characters", async () => {
  using host = new OperatedHost();
  host.save({ id: "20261121-213000-aaaa", plan: { action: "switch", reason: "old", changed: [] } });
  host.save({ plan: { action: "switch", reason: "new", changed: [] } });
  host.units("ActiveState=active", "ActiveState=inactive");
  assert.match((await host.operate("status")).stdout, /switch, new;/);
  for (const wanted of ["20261121", "20261121-213000-aaaa"]) {
    assert.match((await host.operate("status", wanted)).stdout, /switch, old;/);
  }
});

const DRIVERS = [
  ["timer", ["ActiveState=active", "ActiveState=inactive"]],
  ["unit", ["ActiveState=inactive", "ActiveState=activating"]],
  ["unit", ["ActiveState=inactive", "ActiveState=deactivating"]],
  ["resume", ["ActiveState=inactive", "ActiveState=failed", "ActiveState=inactive\nJob=17"]],
  ["resume", ["ActiveState=inactive", "ActiveState=inactive", "ActiveState=activating"]],
  [
    "resume",
    ["ActiveState=inactive", "ActiveState=inactive", "ActiveState=active\nSubState=waiting"],
  ],
  [
    "nobody",
    ["ActiveState=inactive", "ActiveState=inactive", "ActiveState=active\nSubState=exited\nJob=0"],
  ],
] as const;

for (const [kind, [timer, service, resume]] of DRIVERS) {
  test(`status: driven by ${kind}: ${timer}, ${service}, ${resume}`, async () => {
    using host = new OperatedHost();
    host.save();
    host.units(timer, service, resume);
    const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
    assert.deepEqual(json.driver, { kind });
  });
}

test("status: in a shutdown the next boot takes it up", async () => {
  using host = new OperatedHost();
  host.save();
  host.ends["systemctl"] = { stdout: "stopping\n" };
  const { stdout } = await host.operate("status");
  assert.match(stdout, /the host is shutting down; it continues after the next boot/);
});

test("status: where nobody drives it, it says so and how to go on", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  const { stdout } = await host.operate("status");
  assert.match(stdout, /x stuck: its timer and its unit are gone, so nothing continues it/);
  assert.match(stdout, /deploy-finalize resume /);
  assert.match(stdout, new RegExp(`deploy-finalize run ${id}`));
});

test("status: where nobody runs the after of a hook that is owed, it says so", async () => {
  using host = new OperatedHost();
  const ended = end(aRecord({ hooks: [OWED] }), "cancelled", NOW, { reason: "x" });
  const { id } = host.save(ended);
  const { stdout } = await host.operate("status");
  const words = stdout.replace(/\s+/g, " ");
  assert.match(words, /nothing runs the after of hook node\. To run it: deploy-finalize resume/);
  host.drive(id, null);
  const { stdout: driven } = await host.operate("status");
  assert.doesNotMatch(driven, /nothing runs/);
});

test("status: one that a newer one has replaced is not over while its hooks are in force", async () => {
  using host = new OperatedHost();
  const older = enter(aRecord({ hooks: [OWED] }), "waiting", NOW, "gates");
  host.save(older);
  host.save({ id: "20261122-220000-bbbb" });
  const { stdout } = await host.operate("status", older.id);
  assert.match(stdout, /stuck: its timer and its unit are gone/);
});

const OWED: FinalizationRecord["hooks"][number] = {
  name: "node",
  stage: "in-force",
  after: ["up"],
  timeout: 60,
  problems: [],
};

test("status: where systemd does not answer, it does not guess", async () => {
  using host = new OperatedHost();
  host.save();
  host.ends["systemctl"] = { exitCode: 1, stderr: "Failed to connect to bus" };
  const { stdout } = await host.operate("status");
  assert.match(
    stdout,
    /cannot find out whether its timer or unit still exists: systemctl [\s\S]*: Failed to connect\s+to bus/,
  );
});

test("status: tells what is waited for, and until when", async () => {
  using host = new OperatedHost();
  const record = host.save(enter(aRecord(), "waiting", NOW, "until all gates are open"));
  host.drive(record.id, NOTE);
  const { stdout } = await host.operate("status");
  assert.match(stdout, /waiting for CI job \(1 min so far\): ci-runner\.service runs a job/);
  assert.match(stdout, /if it still waits\s+for CI job in 59 min, at \S+, it gives up/);
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.deepEqual([json.waiting, json.driver], [NOTE, { kind: "process" }]);
});

test("status: the last note of a process that was killed is not believed", async () => {
  using host = new OperatedHost();
  const record = host.save(enter(aRecord(), "waiting", NOW, "until all gates are open"));
  host.drive(record.id, NOTE);
  host.folder.write("proc/locks", "");
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.deepEqual([json.waiting, json.driver], [null, { kind: "nobody" }]);
});

test("status: a note that is no note is left aside", async () => {
  using host = new OperatedHost();
  const record = host.save(enter(aRecord(), "waiting", NOW, "until all gates are open"));
  host.drive(record.id, NOTE);
  for (const text of ["", "{", '{"for":1}']) {
    host.folder.write(`state/${record.id}.waiting`, text);
    const { exitCode, stdout } = await host.operate("status");
    assert.equal(exitCode, 0);
    assert.match(stdout, /waiting to switch to generation 2/);
  }
});

test("status: one that ends between two looks is shown as ended", async () => {
  using host = new OperatedHost();
  const record = host.save();
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    host.save(end(record, "cancelled", NOW, { reason: "cancelled by root" }));
    return await spawn(argv, options);
  };
  const { stdout } = await host.operate("status");
  assert.match(stdout, /^- cancelled by root/);
  assert.doesNotMatch(stdout, /stuck/);
});

test("status: a reboot that the profile needs is told", async () => {
  using host = new OperatedHost();
  host.setProfile(
    makeToplevel(host.folder, "new", { kernel: "k2", initrd: "i1", "kernel-modules": "m1" }),
  );
  const { stdout } = await host.operate("status");
  assert.match(stdout, /! reboot required: kernel changed/);
});

const BAD = [
  ["an unknown id", ["9999"], "", /there is no finalization 9999.*history/],
  ["an ambiguous beginning", ["2026"], "", /2026 matches 2 finalizations: 20261122-213000-aaaa, /],
  ["a record that is no JSON", [], "{", /record of 20261122-213000-aaaa cannot be read: not JSON/],
  ["a record of a newer version", [], '{"schemaVersion":2}', /written by a newer deploy-finalize/],
] as const;

for (const command of ["status", "wait"]) {
  for (const [what, args, text, message] of BAD) {
    test(`${command}: ${what} is refused`, async () => {
      using host = new OperatedHost();
      host.save({ id: "20261121-213000-bbbb" });
      const { id } = host.save();
      if (text !== "") host.folder.write(`state/${id}.json`, text);
      const { exitCode, stdout, stderr } = await host.operate(command, ...args);
      assert.deepEqual([exitCode, stdout], [1, ""]);
      assert.match(stderr, message);
    });
  }
}

test("status: a record that was set aside is told of", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  host.store.quarantine(id);
  const { exitCode, stderr } = await host.operate("status");
  assert.equal(exitCode, 1);
  assert.match(stderr, /is damaged; it was renamed to .*aaaa\.json\.broken/);
});

test("status: a terminal gets colours", async () => {
  using host = new OperatedHost();
  host.save();
  host.units("ActiveState=active", "ActiveState=inactive");
  host.terminal = { columns: 80 };
  assert.ok((await host.operate("status")).stdout.includes("\u001B["));
});

test("status --follow: elsewhere than on a terminal only changes are printed", async () => {
  using host = new OperatedHost();
  const waiting = enter(host.save(), "waiting", NOW, "until all gates are open");
  host.units("ActiveState=active", "ActiveState=inactive");
  const following = host.operate("status", "--follow");
  host.save(waiting);
  host.save(end(waiting, "cancelled", NOW, { reason: "cancelled by root" }));
  const { exitCode, stdout } = await following;
  assert.equal(exitCode, 0);
  assert.match(stdout, /cancelled: cancelled by root\n$/);
  assert.ok(!stdout.includes("\u001B"));
});

test("status --follow: on a terminal the screen is drawn over, and at last stands in full", async () => {
  using host = new OperatedHost();
  const record = host.save();
  host.units("ActiveState=active", "ActiveState=inactive");
  host.terminal = { columns: 80, rows: 5 };
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    // After the first look.
    if (host.ran.length === 1) {
      host.save(end(record, "cancelled", NOW, { reason: "cancelled by root" }));
    }
    return await spawn(argv, options);
  };
  const { exitCode, stdout } = await host.operate("status", "--follow");
  assert.equal(exitCode, 0);
  const [first = "", last = ""] = stdout.split("\u001B[4A\r");
  assert.equal(first.match(/\n/g)?.length, 4);
  assert.match(first, /scheduled/);
  assert.match(last, /cancelled by root.*host web1/s);
});

for (const [what, terminal, env] of [
  ["a dumb terminal", { columns: 80, rows: 24 }, { TERM: "dumb" }],
  ["a narrow terminal", { columns: 40, rows: 24 }, { TERM: "xterm" }],
] as const) {
  test(`status --follow: ${what} gets a line for each change`, async () => {
    using host = new OperatedHost();
    host.terminal = terminal;
    host.env = env;
    const waiting = enter(host.save(), "waiting", NOW, "until all gates are open");
    host.units("ActiveState=active", "ActiveState=inactive");
    const following = host.operate("status", "--follow");
    host.save(end(waiting, "cancelled", NOW, { reason: "cancelled by root" }));
    const { stdout } = await following;
    assert.match(stdout, /cancelled: cancelled by root\n$/);
    assert.doesNotMatch(stdout, ANY_STEERING);
  });
}

// oxlint-disable-next-line no-control-regex -- the escape is what is looked for
const ANY_STEERING = /\u001B\[\d*[A-KJ]/;

test("a terminal that does not tell its size has 80 columns, and any number of lines", () => {
  assert.deepEqual(terminalOf({ columns: 0, rows: 0 }), { columns: 80 });
  assert.deepEqual(terminalOf({}), { columns: 80 });
  assert.deepEqual(terminalOf({ columns: 100, rows: 30 }), { columns: 100, rows: 30 });
});

for (const args of [[], ["--json"]]) {
  test(`status --follow ${args.join(" ")}: that nobody drives it is told once`, async () => {
    using host = new OperatedHost();
    const record = host.save();
    const following = host.operate("status", "--follow", ...args);
    await host.until(() => host.lines.length > 0);
    host.passes(10_000);
    host.save(enter(record, "waiting", NOW, "until all gates are open"));
    await host.until(() => host.lines.length > 1);
    host.save(end(record, "cancelled", NOW, { reason: "cancelled by root" }));
    const { stderr } = await following;
    assert.equal(stderr.match(/nothing drives .* deploy-finalize resume/g)?.length, 1);
  });
}

test("status --follow: ends when it is asked to", async () => {
  using host = new OperatedHost();
  host.save();
  host.units("ActiveState=active", "ActiveState=inactive");
  host.stop.abort();
  assert.equal((await host.operate("status", "--follow", "--json")).exitCode, 75);
});

test("status: a slot that is kept is told, with what to do about it", async () => {
  const lock = fleetLockConfig("http://127.0.0.1:9", { group: "web" });
  using host = new LockedHost(lock);
  host.save({ state: "failed" });
  host.hold(lock, "it did not boot");
  const before = listing(host.folder.path);
  const { stdout } = await host.operate("status");
  const text = stdout.replaceAll(/\s+/g, " ");
  assert.match(
    text,
    /! fleet lock, group web: keeps a slot, taken 3 min ago, because of +\S+: it did/,
  );
  assert.match(stdout, /deploy-finalize lock release +give the slot back/);
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.deepEqual(json.slot, {
    group: "web",
    state: "held",
    finalization: ID,
    askedAt: "2026-11-22T21:20:00.000Z",
    takenAt: "2026-11-22T21:27:00.000Z",
    keptBecause: "it did not boot",
  });
  assert.deepEqual(listing(host.folder.path), before);
});

test("status: a slot on disk that cannot be read is told, and left where it is", async () => {
  using host = new LockedHost(null);
  host.save();
  const path = host.folder.write("state/slot.json", "{");
  const { stdout } = await host.operate("status");
  assert.match(
    stdout.replaceAll(/\s+/g, " "),
    /! fleet lock: cannot find out whether this host holds a slot:/,
  );
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.deepEqual([json.slot, json.slotUnknown], [null, `cannot understand ${path}`]);
  assert.equal(readFileSync(path, "utf8"), "{");
});

test("status: tells which finalization one takes back", async () => {
  using host = new OperatedHost();
  host.save({ rollbackOf: "20261121-213000-aaaa" });
  const json = parseJson(statusSchema, (await host.operate("status", "--json")).stdout);
  assert.equal(json.finalization?.rollbackOf, "20261121-213000-aaaa");
});
