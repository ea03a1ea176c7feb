import assert from "node:assert/strict";
import { lutimesSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { recordSchema } from "../../src/core/record/record-schema.ts";
import { retrySchema } from "../../src/json/commands.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost, parseJson } from "./operating.ts";

/** A host whose last deploy was rolled back: the profile is the previous system. */
class RejectedHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");
  readonly record: FinalizationRecord;
  readonly profile = this.folder.at("profiles/system");

  constructor(changes: Partial<FinalizationRecord> = {}) {
    super();
    this.folder.link("profiles/system-1-link", this.booted);
    this.folder.link("profiles/system-2-link", this.target);
    this.pointAt("system-1-link");
    // Long before the end of the finalization.
    lutimesSync(this.profile, new Date("2026-11-22T21:00:00Z"), new Date("2026-11-22T21:00:00Z"));
    this.ends["flock"] = { stdout: "held\n" };
    this.record = this.save({
      target: this.target,
      previous: this.booted,
      state: "rolled-back",
      revision: "0123456789".repeat(4),
      configFile: this.folder.at("config.json"),
      outcome: { reason: "the disk is full", activationExitCode: 0, activationTail: [] },
      ...changes,
    });
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      const ended = await spawn(argv, options);
      if (argv[0] === "nix-env" && ended.exitCode === 0) this.pointAt(`system-${argv.at(-1)}-link`);
      return ended;
    };
  }

  pointAt(generation: string): void {
    rmSync(this.profile, { force: true });
    this.folder.link("profiles/system", generation);
  }

  newest(): FinalizationRecord {
    return v.parse(recordSchema, JSON.parse(readFileSync(this.folder.at("state/current"), "utf8")));
  }

  acts(): string[] {
    const lines = this.ran.map((argv) => argv.join(" ").replaceAll(this.folder.path, ""));
    return lines.filter((line) => /nix-env|configuration|systemd-run/.test(line));
  }
}

for (const state of ["rolled-back", "failed"] as const) {
  test(`a bare call after ${state} changes nothing and names retry`, async () => {
    using host = new RejectedHost({ state });
    const { exitCode, stderr } = await host.operate("schedule");
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`ended as ${state} \\(the disk is full\\)`));
    assert.match(stderr, new RegExp(`deploy-finalize retry ${host.record.id}`));
    assert.equal(host.newest().id, host.record.id);
    assert.deepEqual(host.acts(), []);
  });
}

test("a deploy of the running system is scheduled: it makes the link of the profile anew", async () => {
  using host = new RejectedHost();
  host.pointAt("system-1-link");
  const { exitCode, stderr } = await host.operate("schedule");
  assert.equal(exitCode, 0, stderr);
  assert.equal(host.newest().target, host.booted);
});

test("retry: says why it was rejected, then profile, boot default and a finalization", async () => {
  using host = new RejectedHost();
  const { exitCode, stdout, stderr } = await host.operate("retry", "--yes");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /ended as rolled-back: the disk is full/);
  const record = host.newest();
  assert.match(stdout, new RegExp(`retry of ${host.record.id} is scheduled as ${record.id}\n$`));
  assert.deepEqual(
    [record.retryOf, record.rollbackOf, record.target, record.previous, record.revision],
    [host.record.id, null, host.target, host.booted, host.record.revision],
  );
  assert.match(record.timeline[0]?.detail ?? "", new RegExp(`retry of ${host.record.id}`));
  assert.equal(record.configFile, host.record.configFile);
  const [profile = "", boot = "", arm = ""] = host.acts();
  assert.match(profile, /--switch-generation 2$/);
  assert.match(boot, /new\/bin\/switch-to-configuration boot$/);
  assert.match(arm, /systemd-run/);
});

test("retry --json", async () => {
  using host = new RejectedHost();
  const { stdout } = await host.operate("retry", host.record.id, "--yes", "--json");
  const json = parseJson(retrySchema, stdout);
  assert.deepEqual([json.of, json.rejectedBecause], [host.record.id, "the disk is full"]);
  assert.equal(json.finalization.retryOf, host.record.id);
});

const FLEET = {
  lock: { backend: "etcd", endpoints: ["http://127.0.0.1:9"] },
  fleet: { wave: 0 },
};

test("retry: it belongs to the rollout of what it brings back", async () => {
  for (const [rollout, expected] of [
    ["spring", "spring"],
    [null, "0123456789".repeat(4)],
  ] as const) {
    using host = new RejectedHost({ rollout });
    const { profile } = host;
    host.folder.write("config.json", JSON.stringify({ profile, ...FLEET }));
    const { exitCode, stderr } = await host.operate("retry", "--yes");
    assert.equal(exitCode, 0, stderr);
    assert.equal(host.newest().rollout, expected);
  }
});

test("retry: without a name for its rollout nothing is changed", async () => {
  using host = new RejectedHost({ revision: null });
  const { profile } = host;
  host.folder.write("config.json", JSON.stringify({ profile, ...FLEET }));
  const { exitCode, stderr } = await host.operate("retry", "--yes");
  assert.equal(exitCode, 1);
  assert.match(stderr, /the target has no revision/);
  assert.deepEqual(host.acts(), []);
});

test("retry asks first; without an answer nothing changes", async () => {
  for (const answer of ["n", null]) {
    using host = new RejectedHost();
    host.answer = answer;
    assert.equal((await host.operate("retry")).exitCode, 1);
    assert.deepEqual(host.acts(), []);
  }
});

test("retry: what cannot be scheduled leaves profile and boot default as they were", async () => {
  using host = new RejectedHost();
  host.ends["systemd-run"] = { exitCode: 1, stderr: "no" };
  assert.equal((await host.operate("retry", "--yes")).exitCode, 1);
  const acts = host.acts().filter((line) => !line.includes("systemd-run"));
  assert.match(acts.at(-2) ?? "", /--switch-generation 1$/);
  assert.match(acts.at(-1) ?? "", /booted\/bin\/switch-to-configuration boot$/);
});

const refused: readonly [string, Partial<FinalizationRecord>, RegExp][] = [
  ["has not ended", { state: "verifying" }, /has not ended: it is verifying/],
  ["was superseded", { state: "superseded" }, /was superseded/],
  ["is a rollback", { rollbackOf: "20261122-200000-bbbb" }, /retry 20261122-200000-bbbb/],
];
for (const [what, changes, message] of refused) {
  test(`retry refuses one that ${what}`, async () => {
    using host = new RejectedHost(changes);
    const { exitCode, stderr } = await host.operate("retry", "--yes");
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.deepEqual(host.acts(), []);
  });
}

test("retry refuses a target that is gone, and a profile of another deploy", async () => {
  using gone = new RejectedHost();
  rmSync(gone.target, { recursive: true });
  assert.match((await gone.operate("retry", "--yes")).stderr, /no longer in the store/);
  using other = new RejectedHost();
  other.folder.link("profiles/system-3-link", makeToplevel(other.folder, "third"));
  other.pointAt("system-3-link");
  assert.match((await other.operate("retry", "--yes")).stderr, /deploy-finalize undo/);
  assert.deepEqual([...gone.acts(), ...other.acts()], []);
});
