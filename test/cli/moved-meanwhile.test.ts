import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost } from "./operating.ts";

/** A host with a target that is live or was rolled back; a deploy comes while a command sets the boot default. */
class OvertakenHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");
  readonly newer = makeToplevel(this.folder, "newer");

  constructor(state: "live" | "rolled-back") {
    super();
    const [profile, running] = state === "live" ? ["2", this.target] : ["1", this.booted];
    this.folder.link("profiles/system-1-link", this.booted);
    this.folder.link("profiles/system-2-link", this.target);
    this.folder.link("profiles/system-3-link", this.newer);
    this.pointAt("profiles/system", `system-${profile}-link`);
    this.pointAt("run/current-system", running);
    this.ends["flock"] = { stdout: "held\n" };
    const outcome = { reason: "because", activationExitCode: 0, activationTail: [] };
    this.save({ target: this.target, previous: this.booted, state, outcome });
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      const ended = await spawn(argv, options);
      if (argv[0] === "nix-env") this.pointAt("profiles/system", `system-${argv.at(-1)}-link`);
      // The deployer sets the profile now, and calls `schedule` later.
      if (argv.at(-1) === "boot") this.pointAt("profiles/system", "system-3-link");
      return ended;
    };
  }

  pointAt(name: string, place: string): void {
    rmSync(this.folder.at(name), { force: true });
    this.folder.link(name, place);
  }
}

for (const [command, state] of [
  ["rollback", "live"],
  ["retry", "rolled-back"],
] as const) {
  test(`${command}: a deploy that comes meanwhile is not scheduled as what was asked for`, async () => {
    using host = new OvertakenHost(state);
    const { exitCode, stderr } = await host.operate(command, "--yes");
    assert.equal(exitCode, 4, stderr);
    assert.match(stderr, /was set to .*\/newer in the meantime by another deploy/);
    assert.equal(host.store.ids().length, 1);
    assert.ok(!host.ran.some(([program]) => program === "systemd-run"));
  });
}

test("undo: a deploy that comes meanwhile is not called the running system", async () => {
  using host = new OvertakenHost("rolled-back");
  host.pointAt("profiles/system", "system-2-link");
  const { exitCode, stdout, stderr } = await host.operate("undo");
  assert.equal(exitCode, 4, stdout);
  assert.match(stderr, /was set to .*\/newer in the meantime by another deploy/);
});
