import assert from "node:assert/strict";
import { readFileSync, rmSync, watch } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { recordSchema } from "../../src/core/record/record-schema.ts";
import { rollbackSchema } from "../../src/json/commands.ts";
import { makeToplevel } from "../support/systems.ts";
import { listing } from "../support/listing.ts";
import { aRun, COMMIT } from "../report/reports.ts";
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

  /** Sets the profile to another system, as a deploy does; returns that. */
  moveProfile(): string {
    const newer = makeToplevel(this.folder, "newer");
    this.folder.link("profiles/system-3-link", newer);
    this.pointAt("profiles/system", "system-3-link");
    return newer;
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

test("rollback: what is reported is what the previous system was made from, and where", async () => {
  using host = new LiveHost({ revision: COMMIT, forgeRun: aRun() });
  const server = "https://git.example.org";
  const gitea = { kind: "gitea", url: server, tokenFile: "/x", waitForJob: true };
  const profile = host.folder.at("profiles/system");
  const config = JSON.stringify({ profile, report: { receivers: [gitea] } });
  host.folder.write("config.json", config);
  const older = "0123456789".repeat(4);
  const version = { stdout: JSON.stringify({ configurationRevision: older }) };
  host.ends[`${host.booted}/sw/bin/nixos-version`] = version;
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0, stderr);
  const { revision, forgeRun } = host.newest();
  assert.equal(revision, older);
  assert.deepEqual([forgeRun?.server, forgeRun?.repository], [server, "infra/hosts"]);
  // The job that deployed is not the one that takes back.
  assert.deepEqual([forgeRun?.sha, forgeRun?.job, forgeRun?.page], [null, null, null]);
});

test("rollback: takes part in no rollout, and needs no name for one", async () => {
  using host = new LiveHost({ rollout: "spring" });
  const profile = host.folder.at("profiles/system");
  const lock = { backend: "etcd", endpoints: ["http://127.0.0.1:9"] };
  const config = JSON.stringify({ profile, lock, fleet: { wave: 0 } });
  host.folder.write("config.json", config);
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0, stderr);
  assert.equal(host.newest().rollout, null);
});

for (const [program, message] of [
  ["nix-env", /cannot restore the profile/],
  ["systemd-run", /cannot arm/],
] as const) {
  test(`rollback: where ${program} fails, all is as it was`, async () => {
    using host = new LiveHost();
    host.ends[program] = { exitCode: 1, stderr: "no" };
    // Its own folder may stay.
    host.folder.write("nix/var/nix/gcroots/deploy-finalize/.keep", "");
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
  assert.match((await host.operate("rollback")).stderr, /cancelled; nothing was changed/);
  assert.deepEqual(listing(host.folder.path), before);
  host.answer = "yes";
  assert.equal((await host.operate("rollback")).exitCode, 0);
});

/** What a record went through that failed only after it had acted. */
const ACTED: FinalizationRecord["timeline"] = (["switching", "verifying", "failed"] as const).map(
  (state) => ({ at: NOW.toISOString(), state, detail: "" }),
);

test("rollback: one that failed and left its target running can be taken back", async () => {
  using host = new LiveHost({ state: "failed", timeline: ACTED });
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0, stderr);
});

const LATER = "20261122-213100-bbbb";
const BAD = "/nix/store/bad";

test("rollback without an id: a newest one that went back already is not passed over", async () => {
  using host = new LiveHost();
  host.save({ id: LATER, state: "rolled-back", target: BAD, previous: host.target });
  const before = listing(host.folder.path);
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`${LATER} was already rolled back`));
  assert.match(
    stderr,
    new RegExp(
      `back from generation 2 to generation 1: deploy-finalize rollback ${host.record.id}`,
    ),
  );
  assert.deepEqual(listing(host.folder.path), before);
  assert.equal((await host.operate("rollback", host.record.id, "--yes")).exitCode, 0);
});

test("rollback without an id: after a rollback it asks for one, and names what there is", async () => {
  using host = new LiveHost();
  const of = host.save({ id: LATER, state: "live", target: BAD, previous: host.target }).id;
  const back = host.save({
    id: "20261122-213200-cccc",
    state: "live",
    rollbackOf: of,
    target: host.target,
    previous: BAD,
  });
  const before = listing(host.folder.path);
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    new RegExp(`${back.id} is itself a rollback of ${of}.*name the finalization`),
  );
  for (const { id } of [host.record, back]) {
    assert.match(stderr, new RegExp(`deploy-finalize rollback ${id}`));
  }
  assert.doesNotMatch(stderr, new RegExp(`deploy-finalize rollback ${of}`));
  assert.deepEqual(listing(host.folder.path), before);
});

for (const state of ["scheduled", "cancelled", "superseded", "failed"] as const) {
  test(`rollback without an id: one that is ${state} and never acted is passed over`, async () => {
    using host = new LiveHost();
    host.save({ id: LATER, state, target: BAD, previous: host.target });
    const { stdout, stderr } = await host.operate("rollback", "--yes");
    assert.match(stdout, new RegExp(`rollback of ${host.record.id} is scheduled`), stderr);
  });
}

test("rollback without an id: a newer record that cannot be read may have acted", async () => {
  using host = new LiveHost();
  host.save({ id: LATER });
  host.folder.write(`state/${LATER}.json`, "{");
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`record of ${LATER} cannot be read`));
  assert.equal((await host.operate("rollback", host.record.id, "--yes")).exitCode, 0);
});

const VERIFYING = { state: "verifying", outcome: null } as const;

test("rollback: one that verifies is asked to go back itself", async () => {
  using host = new LiveHost(VERIFYING);
  host.answerWith(enter(host.record, "rolling-back", NOW, "rollback requested by ann"));
  const { stdout } = await host.operate("rollback", "--yes", "--json");
  const json = v.parse(rollbackSchema, JSON.parse(stdout));
  assert.deepEqual([json.how, json.finalization.state], ["asked", "rolling-back"]);
  assert.ok(!host.ran.some(([program]) => program === "nix-env"));
});

test("rollback: one that verifies goes back although a newer one waits for its turn", async () => {
  using host = new LiveHost(VERIFYING);
  host.folder.link("profiles/system-3-link", makeToplevel(host.folder, "newer"));
  host.pointAt("profiles/system", "system-3-link");
  host.answerWith(enter(host.record, "rolling-back", NOW, "rollback requested by ann"));
  const { exitCode, stderr } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0, stderr);
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
  assert.match(stderr, /could not roll back: no reboot allowed/);
});

test("rollback: while no process runs, the request is left for the unit, which is started", async () => {
  using host = new LiveHost(VERIFYING);
  const { exitCode, stdout } = await host.operate("rollback", "--yes");
  assert.equal(exitCode, 0);
  assert.match(stdout, /asked .* to roll back: its unit will process this/);
  assert.match(host.store.requests(host.record.id).rollback ?? "", /somebody/);
  const started = host.ran.filter(([program]) => program === "systemd-run");
  assert.deepEqual(
    started.map((argv) => argv.at(-1)),
    [host.record.id],
  );
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
    message: /has not started to act.*deploy-finalize cancel/,
  })),
  ...(["switching", "rebooting"] as const).map((state) => ({
    name: `it is ${state}`,
    record: { state, outcome: null },
    message: new RegExp(`is ${state}\\. Try again when it verifies`),
  })),
  { name: "it goes back", record: { state: "rolling-back" }, message: /is already rolling back/ },
  {
    name: "it went back",
    record: { state: "rolled-back" },
    message: /was already rolled back \(because\)/,
  },
  {
    name: "it was superseded",
    record: { state: "superseded" },
    message: /never acted.*nothing to roll back/,
  },
  {
    name: "it was cancelled",
    record: { state: "cancelled" },
    message: /never acted.*nothing to roll back/,
  },
  {
    name: "another system runs",
    prepare: (host) => {
      host.pointAt("run/current-system", host.booted);
    },
    message: /is live \(because\), but its target is not the running system: .*\/booted runs\./,
  },
  {
    name: "it failed before it acted",
    record: { state: "failed" },
    message: /never acted: it failed \(because\)/,
  },
  {
    name: "nothing ran before",
    record: { previous: null },
    message: /has no previous system/,
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
    message: /the system before .* is no longer a generation of .*deleted; deploy it again/,
  },
  {
    name: "the profile was set to a system that no finalization brings live",
    prepare: (host) => void host.moveProfile(),
    message:
      /points to .*\/newer, and no finalization will activate it.*\n.*nix-env --profile .*\/profiles\/system --switch-generation 2\n.*\/new\/bin\/switch-to-configuration boot\n/,
  },
  {
    name: "the profile was moved, and the generation of the running system was deleted",
    prepare: (host) => {
      host.moveProfile();
      host.folder.remove("profiles/system-2-link");
    },
    message: /\n.*nix-env --profile .*\/profiles\/system --set .*\/store\/new\n/,
  },
  ...(["scheduled", "waiting", "cancelled"] as const).map((state) => ({
    name: `the profile is at the target of one that is ${state}`,
    prepare: (host: LiveHost) =>
      void host.save({ id: LATER, state, target: host.moveProfile(), previous: host.target }),
    message: new RegExp(
      `the target of ${LATER} \\(${state}\\).*deploy-finalize cancel ${LATER} --restore-boot-default`,
    ),
  })),
  {
    name: "the profile is at the target of one that was superseded",
    prepare: (host) =>
      void host.save({
        id: LATER,
        state: "superseded",
        target: host.moveProfile(),
        previous: host.target,
      }),
    message: /and no finalization will activate it/,
  },
  {
    name: "the caller is not root",
    prepare: (host) => void (host.userId = 1000),
    message: /a rollback needs root/,
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

test("rollback is refused while a newer one switches, and says how to see its end", async () => {
  using host = new LiveHost();
  host.save({ id: LATER, state: "switching", target: host.moveProfile(), previous: host.target });
  const { exitCode, stderr } = await host.operate("rollback", host.record.id, "--yes");
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`${LATER} \\(switching\\).*deploy-finalize wait ${LATER}`));
});

test("rollback of one that brought nothing new says so", async () => {
  using host = new LiveHost();
  host.save({ state: "live", target: host.target, previous: host.target });
  const { stderr } = await host.operate("rollback", "--yes");
  assert.match(stderr, /did not change the system/);
});
