import assert from "node:assert/strict";
import { test } from "node:test";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { readTries, writeTries } from "../../src/state-dir/tries.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { makeToplevel } from "../support/systems.ts";
import { aRecord } from "../support/records.ts";
import { OperatedHost } from "./operating.ts";

const FAILS = { exitCode: 1, cause: null, stdout: "", stderr: "no lock" };
const DAY = 24 * 3600;
const UNIT = { DEPLOY_FINALIZE_UNIT: "deploy-finalize-x" };

/** A host whose programs are none: to take a lock fails, and so does every try. */
function stuckHost(): OperatedHost {
  const host = new OperatedHost();
  host.spawn = async (argv) => ({ argv, ...FAILS });
  return host;
}

/** The unit of a host that has been up for so many seconds. */
function inUnit(host: OperatedHost, uptime = 10 * DAY): OperatedHost {
  host.env = UNIT;
  host.folder.write("proc/uptime", `${uptime}.00 1.00\n`);
  host.folder.write("proc/1/stat", `1 (systemd) S ${"0 ".repeat(18)}0 0\n`);
  return host;
}

test("run that can neither go on nor end says why, and is started again", async () => {
  using host = stuckHost();
  const { id } = host.save(aRecord({ configFile: "/nowhere/config.json" }));
  const { exitCode, stderr } = await host.operate("run", id, "--quiet");
  assert.equal(exitCode, 75);
  assert.match(
    stderr,
    /cannot continue: .*nowhere\/config\.json.*; and the failure could not be recorded: .*no lock/,
  );
});

test("run: its record is gone: by hand that is an error, and its unit is not started again", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  host.folder.remove(`state/${id}.json`);
  const byHand = await host.operate("run", id);
  assert.deepEqual([byHand.exitCode, /there is no finalization/.test(byHand.stderr)], [1, true]);
  inUnit(host);
  const unit = await host.operate("run", id);
  assert.deepEqual([unit.exitCode, /there is no finalization/.test(unit.stderr)], [10, true]);
  assert.equal(readTries(host.store, id), null);
});

test("run: a broken record is set aside, and its unit is not started again", async () => {
  using host = inUnit(new OperatedHost());
  const { id } = host.save();
  host.folder.write(`state/${id}.json`, "{");
  const { exitCode, stderr } = await host.operate("run", id);
  assert.deepEqual([exitCode, /was renamed to/.test(stderr)], [10, true], stderr);
});

test("run: in its unit it tries again, says each reason once, and fails after a day", async () => {
  using host = inUnit(new OperatedHost());
  const { id } = host.save();
  const { spawn } = host;
  let locks = 0;
  host.spawn = async (argv, options) => {
    if (argv[0] !== "flock") return { argv, ...FAILS, exitCode: 0 };
    // Between the first try and the second one a day passes. Then the lock can be taken, to end it.
    if (++locks > 2) return await spawn(argv, options);
    if (locks === 1) setTimeout(() => host.passes((DAY + 1) * 1000), 500);
    return { argv, ...FAILS };
  };
  const { exitCode, stderr } = await host.operate("run", id);
  assert.equal(exitCode, 10);
  assert.equal(stderr.match(/cannot continue/g)?.length, 1, stderr);
  const read = await host.store.read(id);
  assert.ok(read.kind === "record");
  assert.equal(read.record.state, "failed");
  assert.match(read.record.outcome?.reason ?? "", /^could not continue: cannot take the lock/);
});

test("run: if the configuration in the target cannot be read, no lock is taken", async () => {
  using host = new OperatedHost();
  const target = makeToplevel(host.folder, "new");
  host.folder.write("store/new/etc/deploy-finalize.json/x", "a folder in its place");
  const { id } = host.save({ target });
  const { exitCode, stderr } = await host.operate("run", id);
  assert.deepEqual([exitCode, /cannot continue/.test(stderr)], [75, true], stderr);
  assert.deepEqual(
    host.ran.filter(([program]) => program === "flock"),
    [],
  );
});

const OTHER_KERNEL = { kernel: "k2", initrd: "i1", "kernel-modules": "m1" };

// systemd does not stop a process that has said that it ends: a shutdown would wait for it for ten minutes.
test("run: a process that has told systemd of its end does not try again itself", async () => {
  using host = inUnit(new OperatedHost());
  host.env = { ...UNIT, NOTIFY_SOCKET: "/run/systemd/notify" };
  const profile = host.folder.at("profiles/system");
  const window = { start: "Sat 02:00 UTC", duration: 7200 };
  const configFile = host.folder.write(
    "config.json",
    JSON.stringify({ profile, reboot: { window } }),
  );
  const target = makeToplevel(host.folder, "new", OTHER_KERNEL);
  host.setProfile(target);
  host.ends["systemd-analyze"] = { stdout: "    Next elapse: Sat 2026-11-28 02:00:00 UTC\n" };
  const plan = { reason: "kernel changed", changed: ["kernel"] };
  const { id } = host.save({
    ...aRecord({ profile, configFile, target, previous: host.booted }),
    plan: { action: "reboot", ...plan },
  });
  host.passes(120_000);
  const { spawn } = host;
  let told = 0;
  host.spawn = async (argv, options) => {
    if (argv[0] === "systemd-notify" && ++told === 2) host.stop.abort();
    const isAskedAfter = told > 0 && argv.some((word) => word.includes("SubState"));
    return isAskedAfter ? { argv, ...FAILS } : await spawn(argv, options);
  };
  const { exitCode, stderr } = await host.operate("run", id);
  assert.deepEqual([exitCode, told], [75, 1], stderr);
  assert.match(stderr, /cannot continue: /);
  assert.equal(readTries(host.store, id)?.tries, 1, "its unit pauses longer and longer");
});

test("run: a try that lasts for more than a minute has continued, so the day begins anew", async () => {
  using host = inUnit(stuckHost());
  const { id } = host.save();
  let tries = 0;
  host.spawn = async (argv) => {
    if (argv[0] !== "flock") return { argv, ...FAILS, exitCode: 0 };
    host.passes(DAY * 900);
    if (++tries === 2) host.stop.abort();
    return { argv, ...FAILS };
  };
  assert.equal((await host.operate("run", id)).exitCode, 75);
  const read = await host.store.read(id);
  assert.equal(read.kind === "record" ? read.record.state : read.kind, "scheduled");
});

test("run: a process that has died in all of its tries for a day has failed", async () => {
  using host = inUnit(new OperatedHost());
  const { id } = host.save();
  const now = 10 * DAY;
  writeTries(host.store, id, { bootId: "boot-1", since: now - DAY - 90, at: now - 40, tries: 900 });
  assert.equal((await host.operate("run", id)).exitCode, 10);
  const read = await host.store.read(id);
  assert.ok(read.kind === "record");
  assert.match(read.record.outcome?.reason ?? "", /its process has died 900 times in a row/);
  assert.equal(readTries(host.store, id), null, "the row is gone with it");
});

// `resume` may have read the record just before its end, and starts the unit just after it.
test("run: the unit of a finalization that has ended cleans up without a pause", async () => {
  using host = inUnit(new OperatedHost());
  const { id } = host.save(end(aRecord(), "failed", new Date(host.time), { reason: "x" }));
  const row = { bootId: "boot-1", since: 10 * DAY - 60, at: 10 * DAY - 2, tries: 900 };
  writeTries(host.store, id, row);
  const paused = setTimeout(() => {
    host.stop.abort();
  }, 45_000);
  assert.equal((await host.operate("run", id)).exitCode, 10);
  clearTimeout(paused);
  assert.equal(readTries(host.store, id), null);
});

for (const [name, row] of [
  ["another boot", { bootId: "boot-0", since: 0, at: 10 * DAY - 40, tries: 900 }],
  ["a try that lasted", { bootId: "boot-1", since: 0, at: 10 * DAY - 600, tries: 900 }],
] as const) {
  test(`run: deaths before ${name} do not count`, async () => {
    using host = inUnit(stuckHost());
    const { id } = host.save();
    writeTries(host.store, id, row);
    host.spawn = async (argv) => {
      assert.equal(readTries(host.store, id)?.tries, 1);
      host.stop.abort();
      return { argv, ...FAILS };
    };
    assert.equal((await host.operate("run", id)).exitCode, 75);
    assert.equal(readTries(host.store, id), null, "a stop is no death");
  });
}

test("run: after some deaths in a row it pauses before it tries again, and a stop ends that", async () => {
  using host = inUnit(stuckHost());
  const { id } = host.save();
  const row = { bootId: "boot-1", since: 10 * DAY - 60, at: 10 * DAY - 2, tries: 9 };
  writeTries(host.store, id, row);
  const running = host.operate("run", id);
  setTimeout(() => {
    host.stop.abort();
  }, 100);
  assert.equal((await running).exitCode, 75);
  assert.deepEqual(readTries(host.store, id), row, "no try was begun");
});

/** A SIGTERM comes as soon as the process has the lock of its finalization. */
function stopWhenDriven(host: OperatedHost): void {
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    // The fake flock says at once that it holds the lock, and ends when the lock is released.
    const running = spawn(argv, options);
    if (argv[0] === "flock") host.stop.abort();
    return await running;
  };
}

/** What systemd says of the timer of a process that was stopped while it waits for a moment. */
for (const [subState, exitCode] of [
  ["waiting", 0],
  ["running", 75],
  ["dead", 75],
] as const) {
  test(`run: stopped while deferred, with its timer ${subState}: ${exitCode}`, async () => {
    using host = inUnit(new OperatedHost());
    const deferredUntil = new Date(host.time + 3_600_000).toISOString();
    const waiting = enter(aRecord({ deferredUntil }), "waiting", new Date(host.time), "window");
    host.setProfile(host.booted);
    const profile = host.folder.at("profiles/system");
    const { id } = host.save({ ...waiting, profile, target: host.booted });
    host.ends["systemctl"] = { stdout: `SubState=${subState}\n` };
    stopWhenDriven(host);
    const said = await host.operate("run", id);
    assert.equal(said.exitCode, exitCode, said.stderr);
  });
}

test("run: stopped while deferred, it is not left to its timer if somebody wants it to act now", async () => {
  using host = inUnit(new OperatedHost());
  const deferredUntil = new Date(host.time + 3_600_000).toISOString();
  const waiting = enter(aRecord({ deferredUntil }), "waiting", new Date(host.time), "window");
  host.setProfile(host.booted);
  const profile = host.folder.at("profiles/system");
  const { id } = host.save({ ...waiting, profile, target: host.booted });
  host.store.requestNow(id, { by: "ann", past: [] });
  host.ends["systemctl"] = { stdout: "SubState=waiting\n" };
  stopWhenDriven(host);
  assert.equal((await host.operate("run", id)).exitCode, 75);
});

test("run: stopped before it has cleaned up after its end, it is not done", async () => {
  using host = inUnit(new OperatedHost());
  const ended = enter(aRecord(), "superseded", new Date(host.time), "superseded by another");
  const outcome = { reason: "superseded", activationExitCode: null, activationTail: [] };
  const { id } = host.save({ ...ended, outcome });
  host.folder.link(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "/nix/store/target");
  const lock = fleetLockConfig("http://127.0.0.1:9");
  const slot = { finalization: id, holder: "x", attempt: 1, state: "held", askedAt: ended.fireAt };
  const rest = { schemaVersion: 1, takenAt: null, lease: null, lock, keptBecause: null };
  host.folder.write("state/slot.json", JSON.stringify({ ...slot, ...rest }));
  stopWhenDriven(host);
  const said = await host.operate("run", id);
  assert.equal(said.exitCode, 75, said.stderr);
  assert.match(said.stderr, /asked to stop before it had cleaned up/);
});

test("run: a unit whose finalization has ended starts the newest one if nothing drives it", async () => {
  for (const unit of [true, false]) {
    using host = new OperatedHost();
    host.setProfile(makeToplevel(host.folder, "new"));
    const newest = host.save();
    const ended = end(aRecord({ id: "20261122-220000-bbbb" }), "failed", new Date(), {
      reason: "x",
    });
    host.store.save(ended);
    if (unit) host.env = { DEPLOY_FINALIZE_UNIT: "x" };
    await host.operate("run", ended.id);
    const launched = host.ran.filter(([program]) => program === "systemd-run");
    assert.deepEqual(
      launched.map((argv) => argv.at(-1)),
      unit ? [newest.id] : [],
    );
  }
});

test("run: hooks end also if the configuration cannot be read any more", async () => {
  using host = inUnit(new OperatedHost());
  host.ends["flock"] = { stdout: "held\n" };
  const hook: FinalizationRecord["hooks"][number] = {
    name: "node",
    stage: "in-force",
    after: ["up"],
    timeout: 60,
    problems: [],
  };
  const record = aRecord({ configFile: "/nowhere/config.json", hooks: [hook] });
  const { id } = host.save(end(record, "cancelled", new Date(host.time), { reason: "x" }));
  host.folder.link(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "/nix/store/target");
  const { exitCode, stderr } = await host.operate("run", id);
  assert.equal(exitCode, 4, stderr);
  assert.doesNotMatch(stderr, /cannot continue/);
  assert.ok(host.ran.some(([program]) => program === "up"));
});
