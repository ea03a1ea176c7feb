import assert from "node:assert/strict";
import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { explainSchema, type ExplainJson } from "../../src/json/explain.ts";
import { listing } from "../support/listing.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost } from "./operating.ts";

const NIX = { stdout: "linux: 6.12.3 → 6.12.9\n" };

/** A host whose profile is at another system. */
function deployed(parts?: Readonly<Record<string, string>>): OperatedHost {
  const host = new OperatedHost();
  host.setProfile(makeToplevel(host.folder, "new", parts));
  host.ends["nix"] = NIX;
  return host;
}

async function explained(host: OperatedHost, ...args: string[]): Promise<ExplainJson> {
  const { stdout, stderr } = await host.operate("explain", "--json", ...args);
  assert.equal(stderr, "");
  return v.parse(explainSchema, JSON.parse(stdout));
}

test("explain: a switch, with what each program told", async () => {
  using host = deployed();
  host.ends[`${host.folder.at("store/new")}/bin/switch-to-configuration`] = {
    stderr: "would stop the following units: web.service\n",
  };
  const seen = await explained(host);
  assert.equal(seen.verdict, "would switch: services only");
  assert.deepEqual(seen.units.kind === "known" ? seen.units.stop : null, [
    { name: "web.service", role: null },
  ]);
  assert.deepEqual(seen.packages.kind === "known" ? seen.packages.changes : null, [
    { name: "linux", before: ["6.12.3"], after: ["6.12.9"], bytes: null },
  ]);
  assert.equal(seen.closure.kind, "unknown");
});

test("explain: a system in place of a profile has the generations of the configured profile", async () => {
  using host = new OperatedHost();
  host.setProfile(host.booted);
  host.ends["nix"] = NIX;
  const next = makeToplevel(host.folder, "next");
  const { systems, warnings } = await explained(host, "--profile", next);
  assert.deepEqual([systems.current.generation, systems.target.generation], [2, null]);
  assert.deepEqual(warnings, []);
  assert.match((await host.operate("explain", "--profile", next)).stdout, /generation 2 -> new/);
  const same = await explained(host, "--profile", host.booted);
  assert.equal(same.systems.target.generation, 2);
});

test("explain: a running system that no generation holds is told, whatever the profile is", async () => {
  using host = deployed();
  const next = makeToplevel(host.folder, "next");
  const { warnings } = await explained(host, "--profile", next);
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ["no-previous-generation"],
  );
});

test("explain: PID 1 that would execute itself anew is told", async () => {
  using host = deployed();
  const program = `${host.folder.at("store/new")}/bin/switch-to-configuration`;
  host.ends[program] = { stderr: "would restart systemd\n" };
  const { units } = await explained(host);
  assert.equal(units.kind === "known" ? units.systemd : units.kind, "restarts");
  assert.match((await host.operate("explain")).stdout, /systemd: would re-execute itself;/);
});

test("explain: changes nothing, and runs only what looks", async () => {
  using host = deployed();
  const before = listing(host.folder.path);
  await host.operate("explain");
  assert.deepEqual(listing(host.folder.path), before);
  const programs = host.ran.map((argv) =>
    argv
      .slice(0, 3)
      .join(" ")
      .replaceAll(/\S*\/store/g, ""),
  );
  assert.deepEqual(programs.toSorted(), [
    "/new/bin/switch-to-configuration dry-activate",
    "nix path-info --closure-size",
    "nix store diff-closures",
    "systemctl show --timestamp=unix",
  ]);
});

test("explain: what a program cannot tell is unknown with its words, the rest is there", async () => {
  using host = deployed();
  host.ends["nix"] = { exitCode: 1, stderr: "experimental feature disabled" };
  host.ends[`${host.folder.at("store/new")}/bin/switch-to-configuration`] = {
    exitCode: 1,
    stderr: "no lock",
  };
  const seen = await explained(host);
  const whys = [seen.units, seen.packages, seen.closure].map((part) =>
    part.kind === "unknown" ? part.why : part.kind,
  );
  assert.match(whys[0] ?? "", /no lock/);
  assert.match(whys[1] ?? "", /nix ended with exit code 1: experimental feature disabled/);
  assert.match(whys[2] ?? "", /experimental feature disabled/);
  assert.equal(seen.decision.action, "switch");
});

test("explain: without the list of locks nothing is tried dry", async () => {
  using host = deployed();
  host.folder.write("run/nixos/switch-to-configuration.lock", "");
  host.folder.remove("proc/locks");
  const { units } = await explained(host);
  assert.match(units.kind === "unknown" ? units.why : "", /cannot look up the switch lock/);
  assert.ok(!host.ran.some((argv) => argv.includes("dry-activate")));
});

test("explain: a reboot tries no switch, and names the runners that end", async () => {
  using host = deployed({ kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  const runner = { unit: "ci.service", preset: "buildkite-agent" };
  host.folder.write(
    "config.json",
    JSON.stringify({ profile: host.folder.at("profiles/system"), waitFor: { runners: [runner] } }),
  );
  const seen = await explained(host);
  assert.equal(seen.verdict, "would reboot: kernel changed");
  assert.deepEqual(seen.units, { kind: "all", runners: ["ci.service"] });
  assert.ok(!host.ran.some((argv) => argv.includes("dry-activate")));
});

test("explain: where no reboot is allowed it tells of the switch, and what waits for a boot", async () => {
  using host = deployed({ kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  const profile = host.folder.at("profiles/system");
  host.folder.write("config.json", JSON.stringify({ profile, reboot: { allow: false } }));
  const { verdict, nextBoot, warnings } = await explained(host);
  assert.equal(verdict, "would switch: kernel changed, but no reboot is allowed");
  assert.deepEqual(nextBoot, [{ what: "kernel", detail: "kernel changed" }]);
  assert.ok(warnings.some(({ kind }) => kind === "reboot-left"));
});

test("explain: what the target itself says of its passphrases counts", async () => {
  using host = deployed({ kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  const profile = host.folder.at("profiles/system");
  const configure = (reboot: object): void => {
    host.folder.write("config.json", JSON.stringify({ profile, reboot }));
  };
  const target = (text: string): void => {
    const file = join(realpathSync(profile), "etc/deploy-finalize.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const kinds = async (): Promise<string[]> =>
    (await explained(host)).warnings.map(({ kind }) => kind);

  configure({ passphrases: ["old"] });
  assert.ok((await kinds()).includes("waits-for-passphrase"));
  target(JSON.stringify({ reboot: { passphrases: [] } }));
  assert.ok(!(await kinds()).includes("waits-for-passphrase"));
  target(JSON.stringify({ reboot: { passphrases: ["root"] } }));
  const { verdict, warnings } = await explained(host);
  assert.equal(verdict, "would reboot: kernel changed");
  assert.match(JSON.stringify(warnings), /types the passphrase of root/);
  configure({ unattended: "require" });
  const refused = await explained(host);
  assert.equal(refused.verdict, "would switch: kernel changed, but no reboot is allowed");
  assert.match(
    JSON.stringify(refused.warnings),
    /not allowed \(reboot\.unattended: it would wait for the passphrase of root\)/,
  );
  target(JSON.stringify({ reboot: { passphrases: [] } }));
  assert.equal((await explained(host)).verdict, "would reboot: kernel changed");
});

test("explain: a refusal is explained too, and ends with 1", async () => {
  using host = deployed({ kernel: "k1", "kernel-modules": "m1" });
  const { exitCode, stdout } = await host.operate("explain");
  assert.equal(exitCode, 1);
  assert.match(stdout, /^would refuse: the target is missing initrd\n/);
  assert.match(stdout, /initrd: missing/);
});

test("explain: another user is told what only root may see", async () => {
  using host = deployed();
  host.userId = 1000;
  const { units } = await explained(host);
  assert.match(units.kind === "unknown" ? units.why : "", /only root .*sudo/);
});

test("explain: --profile names another profile, one that is none is refused", async () => {
  using host = deployed();
  rmSync(host.folder.at("profiles/system"));
  const other = host.folder.link("profiles/other", host.folder.at("store/new"));
  assert.equal((await explained(host, "--profile", other)).profile, other);
  const { exitCode, stderr } = await host.operate("explain");
  assert.equal(exitCode, 1);
  assert.match(stderr, /profile .* does not exist/);
});

test("explain: earlier trouble with the target is told, a broken record is passed over", async () => {
  using host = deployed();
  const outcome = { reason: "web.service failed", activationExitCode: 0, activationTail: [] };
  host.save({ state: "rolled-back", outcome, target: host.folder.at("store/new") });
  host.folder.write("state/20261122-220000-bbbb.json", "{");
  const { warnings } = await explained(host);
  const told = warnings.find(({ kind }) => kind === "went-wrong-before");
  assert.match(told?.text ?? "", /web\.service failed/);
});

test("explain: parameters and an unwatched kernel wait for the next boot", async () => {
  using host = deployed({ kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  const profile = host.folder.at("profiles/system");
  host.folder.write("config.json", JSON.stringify({ profile, rebootWhenChanged: [] }));
  host.folder.write("store/booted/kernel-params", "quiet old=1");
  host.folder.write("store/new/kernel-params", "quiet new=1");
  host.folder.write("proc/cmdline", "init=/x/init quiet old=1\n");
  const { decision, nextBoot } = await explained(host);
  assert.equal(decision.action, "switch");
  assert.deepEqual(nextBoot, [
    { what: "kernel", detail: "kernel changed" },
    { what: "kernel parameters", detail: "+new=1 -old=1" },
  ]);
});
