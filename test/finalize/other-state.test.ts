import assert from "node:assert/strict";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { OperatedHost } from "../cli/operating.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

/** A host with pins of a finalization whose record a newer program has written. */
class OlderHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new", {
    kernel: "k2",
    initrd: "i1",
    "kernel-modules": "m1",
  });
  readonly id = aRecord().id;
  readonly pin = `nix/var/nix/gcroots/deploy-finalize/${this.id}-target`;

  constructor(changes: Partial<FinalizationRecord>) {
    super();
    this.setProfile(this.target);
    this.folder.link("profiles/system-1-link", this.booted);
    this.folder.link(this.pin, this.target);
    const record = aRecord({
      profile: this.folder.at("profiles/system"),
      target: this.target,
      previous: this.booted,
      ...changes,
    });
    this.folder.write(this.file, JSON.stringify({ ...record, schemaVersion: 2, sails: "black" }));
    this.folder.link("state/current", `${this.id}.json`);
  }

  get file(): string {
    return `state/${this.id}.json`;
  }

  isPinned(): boolean {
    return lstatSync(this.folder.at(this.pin), { throwIfNoEntry: false }) !== undefined;
  }
}

test("a newer program's record that waits stays as it is, with its pins, and that is said", async () => {
  for (const command of [["run", aRecord().id], ["resume"]]) {
    using host = new OlderHost({ state: "waiting" });
    const before = readFileSync(host.folder.at(host.file), "utf8");
    const { exitCode, stderr } = await host.operate(...command);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /schema version 2, written by a newer deploy-finalize\. It stays as it is/,
    );
    assert.equal(readFileSync(host.folder.at(host.file), "utf8"), before);
    assert.ok(host.isPinned());
    assert.ok(!existsSync(host.folder.at(`${host.file}.broken`)));
    assert.ok(!host.ran.some(([program]) => program === "systemd-run"));
  }
});

test("after a fallback the older program sets back what a newer one deployed", async () => {
  using host = new OlderHost({ state: "rebooting", rebootAskedInBoot: "boot-0" });
  host.ends["flock"] = { exitCode: 0, stdout: "held\n" };
  const resumed = await host.operate("resume");
  assert.equal(resumed.exitCode, 0, resumed.stderr);
  assert.ok(host.ran.some((argv) => argv[0] === "systemd-run" && argv.includes(host.id)));
  const { exitCode } = await host.operate("run", host.id);
  const { state, schemaVersion, outcome } = JSON.parse(
    readFileSync(host.folder.at(host.file), "utf8"),
  );
  assert.equal(exitCode, 1);
  assert.deepEqual([state, schemaVersion], ["failed", 1]);
  assert.match(outcome.reason, /fell back|did not come up/);
  assert.ok(host.ran.some((argv) => argv.some((word) => word.endsWith("switch-to-configuration"))));
  assert.ok(!host.isPinned());
});

test("a wrong state folder drops no pins of a finalization that it does not know", async () => {
  using host = new OlderHost({});
  const elsewhere = host.folder.at("elsewhere");
  host.folder.write("elsewhere/.keep", "");
  const { exitCode, stderr } = await host.call("run", host.id, "--state-dir", elsewhere);
  assert.equal(exitCode, 1);
  assert.match(stderr, /there is no finalization .* in .*elsewhere/);
  assert.ok(host.isPinned());
});
