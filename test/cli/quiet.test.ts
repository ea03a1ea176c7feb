import assert from "node:assert/strict";
import { test } from "node:test";
import { ended } from "../report/reports.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";
import { LockedHost } from "./locked-host.ts";
import { OperatedHost } from "./operating.ts";

/** A host that runs `booted`, whose profile is `new`. */
class DeployedHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");

  constructor() {
    super();
    this.setProfile(this.target);
    this.folder.link("profiles/system-1-link", this.booted);
    this.ends["flock"] = { stdout: "held\n" };
    const { spawn } = this;
    // The stand-in for nix-env really moves the profile.
    this.spawn = async (argv, options) => {
      if (argv[0] === "nix-env") this.pointAt(`system-${argv.at(-1)}-link`);
      return await spawn(argv, options);
    };
  }

  pointAt(link: string): void {
    this.folder.remove("profiles/system");
    this.folder.link("profiles/system", link);
  }
}

/** A host with one finalization that ended so. */
function endedHost(state: "live" | "rolled-back"): DeployedHost {
  const host = new DeployedHost();
  const outcome = { reason: "the disk is full", activationExitCode: 0, activationTail: [] };
  if (state === "live") {
    host.folder.remove("run/current-system");
    host.folder.link("run/current-system", host.target);
  } else {
    host.pointAt("system-1-link");
  }
  const { profile } = host.save();
  host.save({ ...ended(state), profile, target: host.target, previous: host.booted, outcome });
  return host;
}

interface Act {
  readonly host: () => OperatedHost;
  readonly words: readonly string[];
}

const waiting: Act["host"] = () => {
  const host = new DeployedHost();
  host.save({ target: host.target, previous: host.booted });
  return host;
};
const confirming: Act["host"] = () => {
  const host = new DeployedHost();
  const awaited = { state: "verifying", confirmBy: "2026-11-22T21:40:00.000Z" } as const;
  host.save({ target: host.target, previous: host.booted, ...awaited });
  return host;
};

/** Commands that act or wait, each where it succeeds. */
const acts: Readonly<Record<string, Act>> = {
  schedule: { host: () => new DeployedHost(), words: ["schedule"] },
  "schedule, read by the option parser": {
    host: () => new DeployedHost(),
    words: ["schedule", "--delay=90s"],
  },
  wait: { host: () => endedHost("live"), words: ["wait"] },
  cancel: { host: waiting, words: ["cancel"] },
  confirm: { host: confirming, words: ["confirm"] },
  rollback: { host: () => endedHost("live"), words: ["rollback", "--yes"] },
  retry: { host: () => endedHost("rolled-back"), words: ["retry", "--yes"] },
  undo: { host: () => new DeployedHost(), words: ["undo"] },
  deliver: { host: () => endedHost("live"), words: ["deliver"] },
  resume: { host: () => endedHost("live"), words: ["resume"] },
};
for (const [what, { host: make, words }] of Object.entries(acts)) {
  test(`--quiet: ${what} prints nothing, and with --json its result`, async () => {
    using host = make();
    const said = await host.operate(...words, "--quiet");
    assert.deepEqual(said, { exitCode: 0, stdout: "", stderr: "" });
    using other = make();
    const { stdout, stderr } = await other.operate(...words, "--quiet", "--json");
    const [line = ""] = stdout.split("\n");
    assert.equal(JSON.parse(line).schemaVersion, 1, stderr);
  });
}

test("--quiet: run prints nothing, and boot-complete neither", async () => {
  using host = endedHost("live");
  const { id } = host.save(ended("live"));
  for (const words of [["run", id], ["boot-complete"]]) {
    const said = await host.operate(...words, "--quiet");
    assert.deepEqual(said, { exitCode: 0, stdout: "", stderr: "" }, words.join(" "));
  }
});

for (const command of ["wait", "run"]) {
  test(`--quiet: ${command} says on stderr why it ended otherwise than live`, async () => {
    using host = endedHost("rolled-back");
    const id = host.store.newest() ?? "";
    const said = await host.operate(command, id, "--quiet");
    assert.deepEqual([said.exitCode, said.stdout], [3, ""]);
    assert.equal(said.stderr, `deploy-finalize: ${id} ended as rolled-back: the disk is full\n`);
    const json = await host.operate(command, id, "--quiet", "--json");
    assert.deepEqual([json.exitCode, json.stderr], [3, ""]);
  });
}

test("--quiet: retry that asks says on stderr why the target was rejected", async () => {
  using host = endedHost("rolled-back");
  host.answer = "n";
  const { exitCode, stdout, stderr } = await host.operate("retry", "--quiet");
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.match(stderr, /ended as rolled-back: the disk is full\n.*nothing was changed/s);
});

test("--quiet: lock release prints nothing, lock status prints the slots", async () => {
  await using server = await new LockServer().listen();
  using host = new LockedHost(fleetLockConfig(server.url));
  host.save({ state: "failed" });
  const released = await host.operate("lock", "release", "--yes", "--quiet");
  assert.deepEqual(released, { exitCode: 0, stdout: "", stderr: "" });
  assert.match((await host.operate("lock", "status", "--quiet")).stdout, /holds no slot/);
});

test("--quiet: what a command is there to show is shown", async () => {
  using host = endedHost("live");
  for (const words of [
    ["explain"],
    ["status"],
    ["history"],
    ["check-config", host.folder.at("config.json")],
    ["report-bug"],
    ["schedule", "--dry-run"],
    ["help", "rolled-back"],
  ]) {
    const { stdout } = await host.operate(...words, "--quiet");
    assert.notEqual(stdout, "", words.join(" "));
  }
  assert.notEqual((await host.call("schedule", "--help", "--quiet")).stdout, "");
});

test("--quiet: a refusal is said", async () => {
  using host = new OperatedHost();
  host.save(aRecord({ state: "switching" }));
  const { exitCode, stdout, stderr } = await host.operate("cancel", "--quiet");
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.match(stderr, /has already started to act/);
});
