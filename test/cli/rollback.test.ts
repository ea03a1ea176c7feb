import assert from "node:assert/strict";
import { readFileSync, rmSync, watch } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { end, enter, type FinalizationRecord } from "../../src/core/record.ts";
import { recordSchema } from "../../src/core/record-schema.ts";
import { rollbackSchema } from "../../src/json/requests.ts";
import { makeToplevel } from "../support/systems.ts";
import { listing } from "../support/listing.ts";
import { OperatedHost } from "./operating.ts";

const NOW = new Date("2026-11-22T21:31:00Z");

/** A host on which one finalization made its target the running system. */
class LiveHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");
  readonly record: FinalizationRecord;

  constructor(changes: Partial<FinalizationRecord> = {}) {
    super();
    this.setProfile(this.target);
    this.folder.link("profiles/system-1-link", this.booted);
    this.pointAt("run/current-system", this.target);
    this.ends["flock"] = { stdout: "held\n" };
    this.record = this.save({
      target: this.target,
      previous: this.booted,
      state: "live",
      outcome: { reason: "because", activationExitCode: 0, activationTail: [] },
      ...changes,
    });
    const { spawn } = this;
    // The stand-in for nix-env really moves the profile.
    this.spawn = async (argv, options) => {
      const generation = argv[0] === "nix-env" ? argv.at(-1) : undefined;
      const ended = await spawn(argv, options);
      if (generation !== undefined && ended.exitCode === 0) {
        this.pointAt("profiles/system", `system-${generation}-link`);
      }
      return ended;
    };
  }

  pointAt(name: string, place: string): void {
    rmSync(this.folder.at(name), { force: true });
    this.folder.link(name, place);
  }

  /** The process that verifies answers the request. */
  answerWith(record: FinalizationRecord): void {
    this.drive(this.record.id, null);
    const watcher = watch(this.store.folder, (_event, name) => {
      if (!(name ?? "").endsWith(".rollback")) return;
      watcher.close();
      this.store.save(record);
    });
  }

  newest(): FinalizationRecord {
    const text = readFileSync(this.folder.at("state/current"), "utf8");
    return v.parse(recordSchema, JSON.parse(text));
  }
}

test("rollback: profile, boot default, then a finalization of the previous system", async () => {
  using host = new LiveHost();
  const { exitCode, stdout, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines.at(-2) ?? "", /action=switch reason=services only delay=0s unit=deploy-final/);
  const record = host.newest();
  assert.equal(
    lines.at(-1),
    `deploy-finalize: rollback of ${host.record.id} is scheduled as ${record.id}`,
  );
  assert.deepEqual(
    [record.rollbackOf, record.target, record.previous, record.state, record.targetGeneration],
    [host.record.id, host.booted, host.target, "scheduled", 1],
  );
  const programs = host.ran.map(([program = ""]) => program.replace(host.folder.path, ""));
  const acts = programs.filter((program) => /nix-env|configuration|systemd-run/.test(program));
  assert.deepEqual(acts, ["nix-env", "/store/booted/bin/switch-to-configuration", "systemd-run"]);
});

test("rollback: --json, --delay and the configuration that it was scheduled with", async () => {
  using host = new LiveHost();
  const { stdout } = await host.operate("rollback", "--yes", "--json", "--delay", "90s");
  const json = v.parse(rollbackSchema, JSON.parse(stdout));
  assert.deepEqual([json.of, json.how], [host.record.id, "scheduled"]);
  assert.deepEqual(json.finalization.delay, { seconds: 90, source: "flag" });
  assert.equal(host.newest().configFile, host.folder.at("config.json"));
});

for (const [program, message] of [
  ["nix-env", /the profile was not set back/],
  ["systemd-run", /cannot arm/],
] as const) {
  test(`rollback: where ${program} fails, all is as it was`, async () => {
    using host = new LiveHost();
    host.ends[program] = { exitCode: 1, stderr: "no" };
    const before = listing(host.folder.path);
    const { exitCode, stderr } = await host.operate("rollback", "--yes");
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.deepEqual(listing(host.folder.path), before);
  });
}

test("rollback: asks at the terminal; without one, and without --yes, it is refused", async () => {
  using host = new LiveHost();
  const before = listing(host.folder.path);
  const nobody = await host.operate("rollback");
  assert.equal(nobody.exitCode, 1);
  assert.match(nobody.stderr, /from generation 2 to generation 1\?.*--yes/);
  host.answer = "n";
  assert.match((await host.operate("rollback")).stderr, /left as it is/);
  assert.deepEqual(listing(host.folder.path), before);
  host.answer = "yes";
  assert.equal((await host.operate("rollback")).exitCode, 0);
});

test("rollback: one that failed and left its target running can be taken back", async () => {
  using host = new LiveHost({ state: "failed" });
  assert.equal((await host.operate("rollback", "--yes")).exitCode, 0);
});

const VERIFYING = { state: "verifying", outcome: null } as const;

test("rollback: one that verifies is asked to go back itself", async () => {
  using host = new LiveHost(VERIFYING);
  host.answerWith(enter(host.record, "rolling-back", NOW, "rollback asked for by ann"));
  const { stdout } = await host.operate("rollback", "--yes", "--json");
  const json = v.parse(rollbackSchema, JSON.parse(stdout));
  assert.deepEqual([json.how, json.finalization.state], ["asked", "rolling-back"]);
  assert.ok(!host.ran.some(([program]) => program === "nix-env"));
});

test("rollback: one that became live just before it was asked is taken back all the same", async () => {
  using host = new LiveHost(VERIFYING);
  host.answerWith(end(host.record, "live", NOW, { reason: "in time" }));
  const { stdout, stderr } = await host.operate("rollback", "--yes");
  assert.match(stdout, /is scheduled as/, stderr);
});

test("rollback: one that cannot go back says so, and the call fails", async () => {
  using host = new LiveHost(VERIFYING);
  host.answerWith(end(host.record, "failed", NOW, { reason: "no reboot allowed" }));
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 1);
  assert.match(stderr, /could not go back: no reboot allowed/);
});

test("rollback: while no process runs, the request is left for the unit", async () => {
  using host = new LiveHost(VERIFYING);
  const { exitCode, stdout } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0);
  assert.match(stdout, /asked .* to go back: its unit takes note/);
  assert.match(host.store.requests(host.record.id).rollback ?? "", /somebody/);
});

interface Refused {
  readonly name: string;
  readonly record?: Partial<FinalizationRecord>;
  readonly prepare?: (host: LiveHost) => void;
  readonly message: RegExp;
}

const refused: Refused[] = [
  ...(["scheduled", "waiting"] as const).map((state) => ({
    name: `it is ${state}`,
    record: { state, outcome: null },
    message: /has not begun to act.*deploy-finalize cancel/,
  })),
  ...(["switching", "rebooting"] as const).map((state) => ({
    name: `it is ${state}`,
    record: { state, outcome: null },
    message: new RegExp(`is ${state}\\. Ask again once it verifies`),
  })),
  { name: "it goes back", record: { state: "rolling-back" }, message: /is going back already/ },
  {
    name: "it went back",
    record: { state: "rolled-back" },
    message: /was rolled back already \(because\)/,
  },
  {
    name: "it was superseded",
    record: { state: "superseded" },
    message: /never acted.*nothing to take back/,
  },
  {
    name: "it was cancelled",
    record: { state: "cancelled" },
    message: /never acted.*nothing to take back/,
  },
  {
    name: "another system runs",
    prepare: (host) => {
      host.pointAt("run/current-system", host.booted);
    },
    message: /is live \(because\), but its target is not the running system.*\/booted\./,
  },
  {
    name: "nothing ran before",
    record: { previous: null },
    message: /knows of no system before it/,
  },
  {
    name: "the system before is gone",
    record: { previous: "/nix/store/collected" },
    message: /\/nix\/store\/collected \(garbage-collected\?\)/,
  },
  {
    name: "its generation was deleted",
    prepare: (host) => {
      host.folder.remove("profiles/system-1-link");
    },
    message: /no generation of .* holds the system before .*deleted; deploy it again/,
  },
  {
    name: "a newer system waits in the profile",
    prepare: (host) => {
      host.folder.link("profiles/system-3-link", makeToplevel(host.folder, "newer"));
      host.pointAt("profiles/system", "system-3-link");
    },
    message: /has moved on to .*\/newer, which waits.*deploy-finalize cancel/,
  },
  {
    name: "the caller is not root",
    prepare: (host) => void (host.userId = 1000),
    message: /going back needs root/,
  },
];

for (const { name, record, prepare, message } of refused) {
  test(`rollback is refused where ${name}, and changes nothing`, async () => {
    using host = new LiveHost(record);
    prepare?.(host);
    const before = listing(host.folder.path);
    const { exitCode, stderr } = await host.operate("rollback", "--yes");
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.deepEqual(listing(host.folder.path), before);
  });
}

test("rollback of one that brought nothing new says so", async () => {
  using host = new LiveHost();
  host.save({ state: "live", target: host.target, previous: host.target });
  const { stderr } = await host.operate("rollback", "--yes");
  assert.match(stderr, /brought no other system live/);
});
