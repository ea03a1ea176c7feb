import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { test } from "node:test";
import { ended } from "../report/reports.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import type { Spawn } from "../../src/host/process/spawn.ts";
import { resumeSchema } from "../../src/json/commands.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { HOLDER, ID, LockedHost } from "./locked-host.ts";
import { OperatedHost, parseJson } from "./operating.ts";

/** What stands where resume looks for reports and for the newest record. */
const TROUBLE = {
  "the outbox": { file: "state/outbox", said: /cannot continue the reports: .*outbox/, ends: 1 },
  "the link to the newest record": { file: "state/current", said: /^(?!.*cannot)/s, ends: 0 },
} as const;

for (const [what, { file, said, ends }] of Object.entries(TROUBLE)) {
  void test(`resume takes up what has not ended where ${what} cannot be read`, async () => {
    using host = new OperatedHost();
    const { id } = host.save();
    host.save(ended("live", { id: "20261122-213100-bbbb" }));
    host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "");
    rmSync(host.folder.at(file), { force: true });
    host.folder.write(file, "no folder, no link");
    const { exitCode, stderr } = await host.operate("resume");
    assert.match(stderr, said);
    assert.equal(exitCode, ends);
    const launched = host.ran.filter((argv) => argv[0] === "systemd-run" && argv.includes(id));
    assert.equal(launched.length, 1);
  });
}

test("resume says why it fails also where it is to be quiet", async () => {
  using host = new OperatedHost();
  rmSync(host.folder.at("config.json"), { force: true });
  const { exitCode, stderr } = await host.operate("resume", "--quiet");
  assert.match(stderr, /cannot read the configuration: .*config\.json/);
  assert.equal(exitCode, 2);
});

/** systemd tells of basic.target alone. */
function basicIs(spawn: Spawn, state: string): Spawn {
  return async (argv, options) => {
    const answer = await spawn(argv, options);
    const stdout = `ActiveState=${state}\n`;
    return argv.includes("basic.target") ? { ...answer, stdout } : answer;
  };
}

const LOST = "20261122-200000-bbbb";
const HOUR = 3600;

/** A host that has pins of a finalization without a record, and runs for some seconds. */
function hostWithPins(
  uptime: number,
  lock: LockConfig | null = null,
  config: object = {},
): LockedHost {
  const host = new LockedHost(lock, config);
  host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${LOST}-target`, "");
  // The pins were made at the time of the machine that tests.
  host.time = Date.now() + HOUR * 1000;
  host.folder.write("proc/uptime", `${uptime + 500}.00 1.00\n`);
  host.folder.write("proc/1/stat", `1 (systemd (x)) S ${"0 ".repeat(18)}50000 0\n`);
  return host;
}

const pinOf = (host: LockedHost): string =>
  host.folder.at(`nix/var/nix/gcroots/deploy-finalize/${LOST}-target`);
const releases = (host: LockedHost): (readonly string[])[] =>
  host.ran.filter((argv) => argv.includes("--unit=deploy-finalize-release-slot"));

test("resume reports pins from before this boot that have no record, and drops them at once", async () => {
  using host = hostWithPins(60);
  host.folder.write("proc/self/mountinfo", "20 1 0:30 / / rw - tmpfs none rw\n");
  const { exitCode, stderr } = await host.operate("resume");
  assert.match(stderr, /bbbb was scheduled before this boot and has no record in .*is on tmpfs/);
  assert.match(host.given.join(""), /^DEPLOY_FINALIZE_EVENT=record-lost$/m);
  assert.deepEqual([exitCode, existsSync(pinOf(host))], [0, false]);
  assert.deepEqual(releases(host), [], "no lock is configured");
});

test("resume drops nothing while the state folder is not mounted, and fails to be started again", async () => {
  using host = hostWithPins(60);
  // The first of the folders is the state folder itself.
  host.ends["systemctl"] = { stdout: "LoadState=loaded\nActiveState=failed\n" };
  const { exitCode, stderr } = await host.operate("resume");
  assert.match(
    stderr,
    /cannot continue 2\S+bbbb: the state folder (\S+) cannot be read, because \1 is not mounted/,
  );
  assert.deepEqual([exitCode, existsSync(pinOf(host))], [1, true]);
});

for (const [state, properties] of [
  ["inactive", ["DefaultDependencies=no", "After=local-fs.target"]],
  ["active", []],
] as const) {
  test(`resume starts a unit that may run now: basic.target is ${state}`, async () => {
    using host = new OperatedHost();
    const { id } = host.save();
    host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "");
    host.spawn = basicIs(host.spawn, state);
    await host.operate("resume");
    const argv = host.ran.find(([program]) => program === "systemd-run");
    const order = argv?.filter((word) => /DefaultDependencies|After=/.test(word));
    assert.deepEqual(
      order,
      properties.map((property) => `--property=${property}`),
    );
  });
}

test("resume leaves pins of this boot for a while: somebody may be scheduling", async () => {
  using host = hostWithPins(2 * HOUR);
  host.time = Date.now() + 60_000;
  assert.deepEqual(await host.operate("resume"), { exitCode: 0, stdout: "", stderr: "" });
  assert.ok(existsSync(pinOf(host)));
  host.time = Date.now() + HOUR * 1000;
  assert.match(
    (await host.operate("resume")).stderr,
    /bbbb has no record; removes its garbage-collector roots/,
  );
  assert.deepEqual([existsSync(pinOf(host)), host.given], [false, []]);
});

const LOCK = fleetLockConfig("http://127.0.0.1:9");

/** Which slots resume has somebody give back. */
const SLOTS: Record<string, [number, (host: LockedHost) => void]> = {
  "a slot whose note is lost with the record": [1, () => {}],
  "a slot of a finalization that has no record": [1, (host) => host.hold(LOCK)],
  "a slot of a finalization that has one": [
    0,
    (host) => {
      host.save({ id: ID, state: "rebooting" });
      host.hold(LOCK);
    },
  ],
  "a slot that a failure keeps": [0, (host) => host.hold(LOCK, "it did not boot")],
  "a slot whose note cannot be read": [0, (host) => host.folder.write("state/slot.json", "{")],
};

for (const [what, [expected, arrange]] of Object.entries(SLOTS)) {
  test(`resume has ${expected === 0 ? "nobody" : "somebody"} give back ${what}`, async () => {
    using host = hostWithPins(60, LOCK);
    arrange(host);
    await host.operate("resume");
    assert.equal(releases(host).length, expected);
  });
}

test("resume asks no lock server of which no act needs a slot", async () => {
  const lock = etcdConfig(["http://127.0.0.1:9"], { for: [] });
  using host = hostWithPins(60, lock, { fleet: { wave: 0 } });
  await host.operate("resume");
  assert.equal(releases(host).length, 0);
});

test("resume gives back a slot without a record where no pins are left, and none without a reason", async () => {
  using host = hostWithPins(60, LOCK);
  host.folder.remove("nix/var/nix/gcroots/deploy-finalize");
  await host.operate("resume");
  assert.deepEqual(releases(host), []);
  host.hold(LOCK);
  await host.operate("resume");
  assert.deepEqual(releases(host)[0]?.slice(-3), ["release", "--yes", "--unowned"]);
});

test("lock release --unowned: not while a finalization may own the slot", async () => {
  await using server = await new LockServer().listen();
  const lock = fleetLockConfig(server.url);
  using host = new LockedHost(lock);
  server.holders.add(HOLDER);
  const release = async () => await host.operate("lock", "release", "--yes", "--unowned");
  const isKept = async (): Promise<void> => {
    const said = await release();
    assert.match(said.stderr, /the slot is not given back: 20261122-\S+ may own it/);
    assert.deepEqual([said.exitCode, server.requests.length], [0, 0]);
  };
  host.save({ id: LOST, state: "waiting" });
  await isKept();
  host.save({ id: LOST, state: "failed" });
  host.hold(lock, "it did not boot");
  await isKept();
  host.hold(lock, null, { finalization: LOST });
  await isKept();
  host.folder.write(`state/${ID}.json.broken`, "");
  host.hold(lock);
  await isKept();
  host.folder.remove(`state/${ID}.json.broken`);
  assert.equal((await release()).exitCode, 0);
  assert.deepEqual([server.holders.size, host.slots.read()], [0, null]);
});

test("lock release --unowned: also where the state folder is gone, and a slot of a former lock", async () => {
  await using server = await new LockServer().listen();
  server.holders.add(HOLDER);
  using host = new LockedHost(fleetLockConfig(server.url));
  const release = async () => await host.operate("lock", "release", "--yes", "--unowned");
  assert.equal((await release()).exitCode, 0);
  assert.equal(server.holders.size, 0);
  server.holders.add(HOLDER);
  const former = new LockedHost(etcdConfig(["http://127.0.0.1:9"]));
  former.hold(fleetLockConfig(server.url));
  await former.operate("lock", "release", "--yes", "--unowned");
  assert.equal(server.holders.size, 0);
  former[Symbol.dispose]();
});

/** A finalization of a host in a rollout, which has asked for its part. */
function hasAsked(host: LockedHost, id: string, isTold = false): void {
  const lock = etcdConfig(["http://127.0.0.1:9"]);
  const asking = { finalization: id, rollout: "first", generation: 42, holder: HOLDER, lock };
  const open = { joined: null, withoutAnswer: 0, end: null, isTold };
  const part = { schemaVersion: 1, ...asking, fleet: { wave: 0 }, ...open };
  host.folder.write(`state/${id}.rollout`, JSON.stringify(part));
}

const launches = (host: LockedHost): (readonly string[])[] =>
  host.ran.filter((argv) => argv.includes(`--unit=deploy-finalize-${LOST}`));

test("resume: with rollouts, somebody asks the group whether it waits for what is lost, and the pins stay", async () => {
  const lock = etcdConfig(["http://127.0.0.1:9"], { for: [] });
  using host = hostWithPins(60, lock, { fleet: { wave: 0 } });
  const { exitCode, stderr } = await host.operate("resume");
  assert.match(stderr, /bbbb was scheduled before this boot and has no record/);
  assert.deepEqual([exitCode, launches(host).length, existsSync(pinOf(host))], [0, 1, true]);
  assert.deepEqual(launches(host)[0]?.slice(-1), [LOST]);
});

for (const [what, isTold, text, expected] of [
  ["a record that is lost", false, null, 1],
  ["a record that cannot be read", false, "{", 1],
  ["a record that is lost, and an end that is told", true, null, 0],
  ["one that a program without rollouts has ended", false, "ended", 1],
  ["one that has not ended, and has no pins", false, "unfinished", 0],
] as const) {
  for (const pins of ["no pins", "pins"] as const) {
    if (pins === "pins" && (isTold || expected === 0)) continue;
    test(`resume has ${expected} start that tells the group: ${what}, ${pins}`, async () => {
      using host = hostWithPins(60);
      if (pins === "no pins") host.folder.remove("nix/var/nix/gcroots/deploy-finalize");
      if (text === "ended" || text === "unfinished") {
        host.save({ id: LOST, state: text === "ended" ? "live" : "waiting" });
      } else if (text !== null) host.folder.write(`state/${LOST}.json`, text);
      hasAsked(host, LOST, isTold);
      const { exitCode, stderr } = await host.operate("resume");
      assert.deepEqual([exitCode, launches(host).length], [0, expected], stderr);
    });
  }
}

for (const part of ["", ", with its part"] as const) {
  test(`resume: a lost record${part} is announced, its slot is given back, and its group is told`, async () => {
    const lock = etcdConfig(["http://127.0.0.1:9"]);
    using host = hostWithPins(60, lock, { fleet: { wave: 0 } });
    if (part !== "") hasAsked(host, LOST);
    const { stdout, stderr } = await host.operate("resume", "--json");
    const { lost, continued } = parseJson(resumeSchema, stdout);
    assert.deepEqual([lost, continued], [[LOST], []]);
    assert.match(host.given.join(""), /^DEPLOY_FINALIZE_EVENT=record-lost$/m);
    assert.match(stderr, /its record is lost.*\. Its garbage-collector roots stay until its group/);
    assert.deepEqual([launches(host).length, releases(host).length], [1, 1]);
    assert.ok(existsSync(pinOf(host)));
  });
}

test("resume: stopped by a signal, it asks to be started again", async () => {
  using host = new OperatedHost();
  host.stop.abort();
  assert.equal((await host.operate("resume")).exitCode, 75);
});
