import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, Job, ToplevelSpec } from "../test-host/host.ts";
import { repository } from "../test-host/paths.ts";
import { specJson } from "../test-host/toplevel.ts";
import { ended, newestRecord, path, STATE_DIR } from "./deploying.ts";

/** The guest builds the package from these sources. */
const tool = repository;
const DEPLOY_RS = "/opt/deploy-finalize/test/nix/pkgs/deploy-rs";

/** services.deployFinalize on the hosts of these tests. */
const SETTINGS = {
  enable: true,
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
  verify: { settle: 0 },
};

/** Builds package, module and system on the host; returns what deploy-rs would set as profile. */
async function buildProfile(host: Host, spec: ToplevelSpec): Promise<string> {
  const file = "/opt/deploy-finalize/test/nix/pkgs/host.nix";
  const settings = ["--argstr", "settingsJson", JSON.stringify(SETTINGS)];
  const argv = ["nix-build", "--no-out-link", file, "--argstr", "specJson", specJson(spec)];
  return (await host.ok([...argv, ...settings])).trim();
}

/** Deploys as deploy-rs does, over SSH, in a job of the runner on the host itself. */
async function deployInJob(host: Host, profile: string, ...options: string[]): Promise<Job> {
  const job = await host.queueJob([`${DEPLOY_RS}/deploy`, profile, ...options].join(" "));
  return await host.jobEnded(job);
}

/** The toplevel that a profile of deploy-rs wraps. */
async function toplevelOf(host: Host, profile: string): Promise<string> {
  const program = await host.ok(["realpath", `${profile}/bin/switch-to-configuration`]);
  return program.trim().replace(/\/bin\/[^/]*$/, "");
}

async function deployed(host: Host, spec: ToplevelSpec): Promise<string> {
  const profile = await buildProfile(host, spec);
  const { exitCode, output } = await deployInJob(host, profile);
  assert.equal(exitCode, 0, output);
  const record = await ended(host, (await newestRecord(host)).id);
  assert.equal(record.state, "live", JSON.stringify(record.outcome));
  return await toplevelOf(host, profile);
}

hostTest(
  "deploy-rs from a job on the host: the job ends 0, then the new system is live",
  { tool },
  async (host) => {
    await host.write("/boot/loader/loader.conf", "timeout 5\ndefault nixos-generation-1.conf\n");
    const profile = await buildProfile(host, { label: "next", runner: "2" });
    const job = await deployInJob(host, profile, "--magic-rollback");
    assert.equal(job.exitCode, 0, job.output);
    assert.match(job.output, /action=switch reason=services only/);
    const { id } = await newestRecord(host);
    // As docs/ci.md reads it.
    assert.match(job.output, new RegExp(`^.* unit=deploy-finalize-${id}$`, "m"));
    const record = await ended(host, id);
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.match(record.configFile ?? "", /^\/nix\/store\/\w+-deploy-finalize\.json$/);
    assert.ok(record.requester.sessionId !== null, "it was called in a login session");
    const facts = await host.facts();
    assert.equal(facts.current, await toplevelOf(host, profile));
    assert.equal(facts.runnerDefinition, "2");
    assert.equal(await host.read("/boot/loader/loader.conf"), "timeout 5\n");
  },
);

hostTest(
  "a new kernel: the host reboots, and the module's resume unit finishes the job",
  { tool },
  async (host) => {
    const before = await host.facts();
    const profile = await buildProfile(host, { label: "next", kernel: "6.12.9" });
    const job = await deployInJob(host, profile);
    assert.equal(job.exitCode, 0, job.output);
    const { id } = await newestRecord(host);
    await host.rebooted(before.bootId);
    assert.equal((await ended(host, id)).state, "live");
    assert.equal((await host.facts()).booted, await toplevelOf(host, profile));
    // Each systemd prints them in an order of its own.
    const unit = ["systemctl", "show", "--property=Result,ActiveState"];
    const shown = await host.ok([...unit, "deploy-finalize-resume.service"]);
    assert.equal(shown.trim().split("\n").toSorted().join(), "ActiveState=active,Result=success");
  },
);

const failures: readonly (readonly [what: string, spec: ToplevelSpec, says: RegExp])[] = [
  ["the boot loader", { failure: { bootLoader: true } }, /no space left on \/boot/],
  ["deploy-finalize, which refuses", { missing: ["kernel"] }, /refusing to schedule/],
];

for (const [what, spec, says] of failures) {
  hostTest(
    `the activation fails by ${what}: deploy-rs rolls back, and the job fails`,
    { tool },
    async (host) => {
      const good = await deployed(host, { label: "good" });
      const bad = await buildProfile(host, { label: "bad", ...spec });
      const job = await deployInJob(host, bad);
      assert.equal(job.exitCode, 1, job.output);
      assert.match(job.output, says);
      assert.match(job.output, /De-activating due to error/);
      const facts = await host.facts();
      assert.deepEqual([facts.profile, facts.bootDefault, facts.current], [good, good, good]);
      // The way back is an activation as well: it finalizes what is already running.
      const record = await ended(host, (await newestRecord(host)).id);
      assert.deepEqual([record.target, record.state], [good, "live"]);
    },
  );
}

hostTest(
  "a deploy that is not confirmed: deploy-rs rolls back, and its finalization is superseded",
  { tool },
  async (host) => {
    const good = await deployed(host, { label: "good" });
    const job = await deployInJob(
      host,
      await buildProfile(host, { label: "lost" }),
      "--unconfirmed",
    );
    assert.equal(job.exitCode, 1, job.output);
    const ids = [...job.output.matchAll(/unit=deploy-finalize-(\S+)/g)].map(([, id = ""]) => id);
    const [lost, back] = [await ended(host, ids[0] ?? ""), await ended(host, ids[1] ?? "")];
    assert.equal(lost.state, "superseded");
    // It may look between the profile's way back and the activation that follows.
    const reasons = [`superseded by ${back.id}`, `the profile moved to ${good}`];
    assert.ok(reasons.includes(lost.outcome?.reason ?? ""), lost.outcome?.reason);
    assert.deepEqual([back.target, back.state], [good, "live"]);
    const facts = await host.facts();
    assert.deepEqual([facts.profile, facts.bootDefault, facts.current], [good, good, good]);
  },
);

hostTest(
  "with --boot the new system is the boot default, and nothing is scheduled",
  { tool },
  async (host) => {
    const before = await host.facts();
    const profile = await buildProfile(host, { label: "next", runner: "2" });
    const job = await deployInJob(host, profile, "--boot");
    assert.equal(job.exitCode, 0, job.output);
    const next = await toplevelOf(host, profile);
    const facts = await host.facts();
    assert.deepEqual([facts.bootDefault, facts.current], [next, before.current]);
    await nothingScheduled(host);
  },
);

hostTest(
  "with --dry-activate it tells what would happen, and changes nothing",
  { tool },
  async (host) => {
    const before = await host.facts();
    const profile = await buildProfile(host, { label: "next", runner: "2" });
    const job = await deployInJob(host, profile, "--dry-activate");
    assert.equal(job.exitCode, 0, job.output);
    assert.match(job.output, /would stop the following units: .*ci-runner\.service/);
    assert.match(job.output, /services only/);
    assert.match(job.output, /generation 1 (→|->) new/);
    assert.doesNotMatch(job.output, /no generation of the profile/);
    assert.deepEqual(await host.facts(), before);
    await nothingScheduled(host);
  },
);

async function nothingScheduled(host: Host): Promise<void> {
  assert.notEqual((await host.run(["test", "-e", `${STATE_DIR}/current`])).exitCode, 0);
  const timers = ["systemctl", "list-timers", "--all", "--no-legend", "deploy-finalize-2*"];
  assert.equal(await host.ok(timers), "");
}
