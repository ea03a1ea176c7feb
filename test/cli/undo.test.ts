import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { undoSchema } from "../../src/json/commands.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost, parseJson } from "./operating.ts";

/** A host with three generations; the second one runs. */
class DeployedHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");

  constructor(profile: "1" | "2" | "3") {
    super();
    this.folder.link("profiles/system-1-link", makeToplevel(this.folder, "older"));
    this.folder.link("profiles/system-2-link", this.booted);
    this.folder.link("profiles/system-3-link", this.target);
    this.pointAt(profile);
    this.ends["flock"] = { stdout: "held\n" };
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      const ended = await spawn(argv, options);
      if (argv[0] === "nix-env" && ended.exitCode === 0) this.pointAt(argv.at(-1) ?? "");
      return ended;
    };
  }

  pointAt(generation: string): void {
    rmSync(this.folder.at("profiles/system"), { force: true });
    this.folder.link("profiles/system", `system-${generation}-link`);
  }

  acts(): string[] {
    const lines = this.ran.map((argv) => argv.join(" ").replaceAll(this.folder.path, ""));
    return lines.filter((line) => /nix-env|configuration/.test(line));
  }
}

test("undo sets the profile and the boot default to the running system", async () => {
  using host = new DeployedHost("3");
  const { exitCode, stdout, stderr } = await host.operate("undo");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /are generation 2 again, the running system\n$/);
  assert.deepEqual(host.acts(), [
    "nix-env --profile /profiles/system --switch-generation 2",
    "/store/booted/bin/switch-to-configuration boot",
  ]);
});

test("undo after a deploy that changed nothing leaves the profile alone", async () => {
  using host = new DeployedHost("2");
  const json = parseJson(undoSchema, (await host.operate("undo", "--json")).stdout);
  assert.deepEqual([json.from, json.to, json.generation], [host.booted, host.booted, 2]);
  assert.deepEqual(
    host.acts().filter((line) => line.startsWith("nix-env")),
    [],
  );
});

test("undo does not undo the deploy of another finalization that waits", async () => {
  using host = new DeployedHost("3");
  const { id } = host.save({ target: host.target, previous: host.booted, state: "waiting" });
  const { exitCode, stderr } = await host.operate("undo");
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`deploy-finalize cancel ${id} --restore-boot-default`));
  assert.deepEqual(host.acts(), []);
});

test("undo of a deploy that is not that of the finalization that waits", async () => {
  using host = new DeployedHost("3");
  host.save({ target: host.booted, state: "waiting" });
  assert.equal((await host.operate("undo")).exitCode, 0);
});

test("undo of a profile that leads nowhere: no deploy is said to have come meanwhile", async () => {
  using host = new DeployedHost("3");
  host.pointAt("9");
  const { exitCode, stderr } = await host.operate("undo");
  assert.equal(exitCode, 1);
  assert.match(stderr, /the boot default is .*booted, but the profile .*system does not resolve$/m);
});

test("undo says which step failed", async () => {
  using host = new DeployedHost("3");
  host.ends[`${host.booted}/bin/switch-to-configuration`] = { exitCode: 1, stderr: "no space" };
  const { exitCode, stderr } = await host.operate("undo");
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot set the boot default/);
  assert.match(stderr, /Run this again/);
});

test("undo needs root, and a running system that is known", async () => {
  using host = new DeployedHost("3");
  rmSync(host.folder.at("run/current-system"));
  assert.match((await host.operate("undo")).stderr, /the running system is unknown/);
  host.userId = 1000;
  assert.match((await host.operate("undo")).stderr, /an undo needs root/);
});
