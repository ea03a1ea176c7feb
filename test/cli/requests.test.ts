import assert from "node:assert/strict";
import { readFileSync, watch } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { end, type FinalizationRecord } from "../../src/core/record/record.ts";
import type { Ended } from "../../src/host/process/spawn.ts";
import { cancelSchema, confirmSchema } from "../../src/json/commands.ts";
import { pathsUnder } from "../../src/host/files/paths.ts";
import { pin } from "../../src/state-dir/pins.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost } from "./operating.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const HELD: Partial<Ended> = { exitCode: 75 };
const FREE: Partial<Ended> = { exitCode: 0, stdout: "held\n" };

/** A host with one finalization that waits; its profile and boot default are at the target. */
class WaitingHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");
  record: FinalizationRecord;

  constructor(changes: Partial<FinalizationRecord> = {}) {
    super();
    this.setProfile(this.target);
    this.folder.link("profiles/system-1-link", this.booted);
    this.ends["flock"] = FREE;
    this.record = this.save({ target: this.target, previous: this.booted, ...changes });
  }

  moveProfile(link: string): void {
    this.folder.remove("profiles/system");
    this.folder.link("profiles/system", link);
  }

  /** What stands in the record now. */
  get state(): string {
    const text = readFileSync(this.folder.at(`state/${this.record.id}.json`), "utf8");
    return String(JSON.parse(text).state);
  }

  /** A process drives it, and answers a request by ending it so. */
  answerWith(state: "cancelled" | "live" | "rolled-back"): void {
    this.ends["flock"] = HELD;
    this.drive(this.record.id, null);
    const from = {
      cancelled: "waiting",
      live: "verifying",
      "rolled-back": "rolling-back",
    } as const;
    const before = { ...this.record, state: from[state] };
    const watcher = watch(this.store.folder, (_event, name) => {
      if (!/\.(cancel|confirm)$/.test(name ?? "")) return;
      watcher.close();
      this.store.save(end(before, state, NOW, { reason: "answered" }));
      this.folder.write("proc/locks", "");
    });
  }
}

test("cancel: its unit does not come, so this call ends it and says what is left", async () => {
  using host = new WaitingHost();
  const { exitCode, stdout } = await host.operate("cancel");
  assert.equal(exitCode, 0);
  assert.equal(host.state, "cancelled");
  assert.match(stdout, /cancelled 20261122-213000-aaaa: the running system is unchanged/);
  assert.match(
    stdout,
    /the boot default is still generation 2 \(.*\/new\), so the next boot starts it/,
  );
  assert.match(stdout, /cancel 20261122-213000-aaaa --restore-boot-default/);
});

test("cancel: one that nobody drives is ended by its unit, which outlasts this call", async () => {
  using host = new WaitingHost();
  const { record, spawn } = host;
  const killed = aRecord({ ...record, id: "20261122-220000-bbbb" });
  pin(pathsUnder(host.folder.path), killed);
  host.store.saveNew(killed);
  const newestThen: (string | null)[] = [];
  host.spawn = async (argv, options) => {
    if (argv[0] === "systemd-run" && argv.at(-1) === killed.id) {
      newestThen.push(host.store.newest());
      host.store.save(end(killed, "cancelled", NOW, { reason: "by the unit" }));
    }
    return await spawn(argv, options);
  };
  const { exitCode, stderr } = await host.operate("cancel", killed.id);
  assert.equal(exitCode, 0, stderr);
  // Until a unit drives it, nobody may take it for the newest one.
  assert.deepEqual(newestThen, [record.id]);
});

test("cancel: the timer is stopped only when the record says that it is cancelled", async () => {
  using host = new WaitingHost();
  const states: string[] = [];
  const spawn = host.spawn;
  host.spawn = async (argv, options) => {
    if (argv[0] === "systemctl" && argv[1] === "stop") states.push(host.state);
    return await spawn(argv, options);
  };
  await host.operate("cancel");
  assert.deepEqual(states, ["cancelled"]);
});

/** The finalizations whose units were started, in that order. */
function launched({ ran }: WaitingHost): (string | undefined)[] {
  return ran.filter(([program]) => program === "systemd-run").map((argv) => argv.at(-1));
}

test("cancel: one whose schedule was killed leaves the older one the newest, and driven", async () => {
  using host = new WaitingHost();
  const killed = aRecord({ id: "20261122-220000-bbbb", profile: host.record.profile });
  pin(pathsUnder(host.folder.path), killed);
  host.store.saveNew(killed);
  assert.equal((await host.operate("cancel", killed.id)).exitCode, 0);
  assert.equal(host.store.newest(), host.record.id);
  assert.equal(launched(host).at(-1), host.record.id);
});

test("cancel: the older one cannot be started: it is cancelled all the same, and that is said", async () => {
  using host = new WaitingHost();
  const killed = aRecord({ id: "20261122-220000-bbbb", profile: host.record.profile });
  pin(pathsUnder(host.folder.path), killed);
  host.store.saveNew(killed);
  host.ends["systemd-run"] = { exitCode: 1, stderr: "no bus\n" };
  const { exitCode, stdout, stderr } = await host.operate("cancel", killed.id);
  assert.match(stderr, /cannot look whether the newest finalization continues: .*no bus/);
  assert.match(stdout, /: cancelled 20261122-220000-bbbb: the running system is unchanged/);
  assert.equal(exitCode, 0);
});

test("cancel: hooks of an ended finalization that nobody ends are ended by its unit", async () => {
  using host = new WaitingHost();
  const hook: FinalizationRecord["hooks"][number] = {
    name: "node",
    stage: "in-force",
    after: ["up"],
    timeout: 60,
    problems: [],
  };
  const before = aRecord({ id: "20261122-212900-cccc", hooks: [hook] });
  const owing = end(before, "superseded", NOW, { reason: "x" });
  pin(pathsUnder(host.folder.path), owing);
  host.store.save(owing);
  assert.equal((await host.operate("cancel")).exitCode, 0);
  assert.equal(launched(host).at(-1), owing.id);
});

test("cancel: the process that waits ends it, and is waited for", async () => {
  using host = new WaitingHost({ state: "waiting" });
  host.answerWith("cancelled");
  const { exitCode, stdout } = await host.operate("cancel", "--json");
  const json = v.parse(cancelSchema, JSON.parse(stdout));
  assert.deepEqual([exitCode, json.finalization.state, json.nextBoot], [0, "cancelled", "target"]);
});

test("cancel: a process that does not answer is told of, with what to do", async () => {
  using host = new WaitingHost({ state: "waiting" });
  host.ends["flock"] = HELD;
  host.drive(host.record.id, null);
  host.stop.abort();
  const { exitCode, stderr } = await host.operate("cancel");
  assert.equal(exitCode, 1);
  assert.match(stderr, /has not answered yet.*deploy-finalize status/);
  assert.match(host.store.requests(host.record.id).cancel ?? "", /somebody/);
});

test("cancel: one that begins to act in the last moment is not said to be cancelled", async () => {
  using host = new WaitingHost({ state: "waiting" });
  host.answerWith("live");
  const { exitCode, stderr } = await host.operate("cancel");
  assert.equal(exitCode, 1);
  assert.match(stderr, /too late to cancel .*: it is live/);
});

for (const [answer, restored] of [
  ["y", true],
  ["no", false],
  ["", false],
  [null, false],
] as const) {
  test(`cancel: asked at the terminal, ${JSON.stringify(answer)} ${restored ? "sets the boot default back" : "leaves it"}`, async () => {
    using host = new WaitingHost();
    host.answer = answer;
    const { stderr } = await host.operate("cancel");
    const boots = host.ran.filter(([program = ""]) => program.startsWith(host.booted));
    const expected = restored ? [[`${host.booted}/bin/switch-to-configuration`, "boot"]] : [];
    assert.deepEqual(boots, expected, stderr);
  });
}

test("cancel: --restore-boot-default sets the profile first, and may be called again", async () => {
  using host = new WaitingHost();
  await host.operate("cancel", "--restore-boot-default");
  await host.operate("cancel", host.record.id, "--restore-boot-default");
  const acts = host.ran.flatMap(([program = "", ...args]) =>
    program === "nix-env" || program.endsWith("to-configuration") ? [args.at(-1)] : [],
  );
  assert.deepEqual(acts, ["1", "boot", "1", "boot"]);
});

/** What ran at scheduling went back before this one was cancelled. */
class RejectedHost extends WaitingHost {
  readonly rejected = makeToplevel(this.folder, "rejected");

  constructor() {
    super();
    this.folder.link("profiles/system-3-link", this.rejected);
    this.record = this.save({
      target: this.target,
      previous: this.rejected,
      previousGeneration: 3,
    });
  }
}

test("cancel: the boot default goes back to what runs, not to what was rejected meanwhile", async () => {
  using host = new RejectedHost();
  const { exitCode, stderr } = await host.operate("cancel", "--restore-boot-default");
  assert.equal(exitCode, 0, stderr);
  const acts = host.ran.flatMap(([program = "", ...args]) =>
    program === "nix-env" || program.endsWith("to-configuration") ? [[program, args.at(-1)]] : [],
  );
  assert.deepEqual(acts, [
    ["nix-env", "1"],
    [`${host.booted}/bin/switch-to-configuration`, "boot"],
  ]);
});

test("cancel: it names what runs where that is not the system before the deploy", async () => {
  using host = new RejectedHost();
  host.save({ ...host.record, state: "cancelled" });
  host.moveProfile("system-1-link");
  const { stdout } = await host.operate("cancel", host.record.id, "--restore-boot-default");
  assert.match(stdout, /the profile and the boot default are generation 1, the running system/);
});

test("cancel: a profile at what was rejected meanwhile is not said to be as before", async () => {
  using host = new RejectedHost();
  host.save({ ...host.record, state: "cancelled" });
  host.moveProfile("system-3-link");
  const { exitCode, stderr } = await host.operate(
    "cancel",
    host.record.id,
    "--restore-boot-default",
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /now points to .*\/rejected, so it was not changed/);
});

test("cancel --yes asks nothing and leaves the boot default", async () => {
  using host = new WaitingHost();
  host.answer = "y";
  const { exitCode, stdout, stderr } = await host.operate("cancel", "--yes");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /the boot default is still .*--restore-boot-default/s);
  assert.deepEqual(
    host.ran.filter(([program = ""]) => /nix-env|configuration$/.test(program)),
    [],
  );
});

test("cancel: where setting back fails, it says so, and the cancelling holds", async () => {
  using host = new WaitingHost();
  host.ends["nix-env"] = { exitCode: 1, stderr: "generation 1 does not exist" };
  const { exitCode, stderr } = await host.operate("cancel", "--restore-boot-default");
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot restore the profile.*generation 1 does not exist/);
  assert.equal(host.state, "cancelled");
});

interface Refused {
  readonly name: string;
  readonly record: Partial<FinalizationRecord>;
  readonly prepare?: (host: WaitingHost) => void;
  readonly args: readonly string[];
  readonly message: RegExp;
}

const refused: Refused[] = [
  {
    name: "cancel one that acts",
    record: { state: "switching" },
    args: ["cancel"],
    message: /has already started to act \(switching\).*deploy-finalize rollback/,
  },
  {
    name: "cancel one that has ended",
    record: { state: "live" },
    args: ["cancel"],
    message: /has already ended: it is live/,
  },
  {
    name: "cancel one that was cancelled",
    record: { state: "cancelled" },
    args: ["cancel"],
    message: /is already cancelled.*--restore-boot-default/,
  },
  {
    name: "restore where the target runs and the previous system is gone",
    record: { state: "cancelled", previous: "/nix/store/collected" },
    prepare: (host) => {
      host.folder.remove("run/current-system");
      host.folder.link("run/current-system", host.target);
    },
    args: ["cancel", "--restore-boot-default"],
    message: /the previous system \/nix\/store\/collected is no longer in the store/,
  },
  {
    name: "restore where there was no previous system",
    record: { state: "cancelled", previous: null },
    prepare: (host) => {
      host.folder.remove("run/current-system");
    },
    args: ["cancel", "--restore-boot-default"],
    message: /has no previous system to boot/,
  },
  {
    name: "confirm one that does not wait for it",
    record: { state: "verifying" },
    args: ["confirm"],
    message: /does not wait for a confirmation: it is verifying/,
  },
  {
    name: "confirm one that has ended",
    record: { state: "live", confirmBy: NOW.toISOString() },
    args: ["confirm"],
    message: /has already ended: it is live/,
  },
];

for (const { name, record, prepare, args, message } of refused) {
  test(`refused: ${name}`, async () => {
    using host = new WaitingHost(record);
    prepare?.(host);
    const { exitCode, stderr } = await host.operate(...args);
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
  });
}

test("cancel: without an id it is the one that can be cancelled, and others are told of", async () => {
  using host = new WaitingHost({ id: "20261122-210000-aaaa", state: "waiting" });
  host.save({ id: "20261122-220000-bbbb", state: "verifying" });
  const { exitCode, stdout } = await host.operate("cancel");
  assert.equal(exitCode, 0);
  assert.match(stdout, /cancelled 20261122-210000-aaaa/);
  assert.match(stdout, /another finalization has not ended: 20261122-220000-bbbb is verifying/);
});

const AWAITING = { state: "verifying", confirmBy: "2026-11-22T21:40:00.000Z" } as const;

test("confirm: it has been heard when the call returns", async () => {
  using host = new WaitingHost(AWAITING);
  host.answerWith("live");
  const { stdout } = await host.operate("confirm", "--json");
  assert.equal(v.parse(confirmSchema, JSON.parse(stdout)).finalization.state, "live");
});

test("confirm: one that came too late is not said to be confirmed", async () => {
  using host = new WaitingHost(AWAITING);
  host.answerWith("rolled-back");
  const { exitCode, stderr } = await host.operate("confirm");
  assert.equal(exitCode, 1);
  assert.match(stderr, /too late to confirm .*: it is rolled-back: answered/);
});

test("confirm: while no process runs it is left for the unit, which is started", async () => {
  using host = new WaitingHost(AWAITING);
  const { exitCode, stdout } = await host.operate("confirm");
  assert.equal(exitCode, 0);
  assert.match(stdout, /confirmed .*; its unit will process this when it runs again/);
  assert.match(host.store.requests(host.record.id).confirm ?? "", /somebody/);
  const started = host.ran.filter(([program]) => program === "systemd-run");
  assert.deepEqual(
    started.map((argv) => argv.at(-1)),
    [host.record.id],
  );
});

test("confirm: without an id it is the one that waits for it", async () => {
  using host = new WaitingHost({ id: "20261122-210000-aaaa", ...AWAITING });
  host.save({ id: "20261122-220000-bbbb", state: "scheduled" });
  const { stdout } = await host.operate("confirm");
  assert.match(stdout, /confirmed 20261122-210000-aaaa/);
});
