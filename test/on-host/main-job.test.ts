import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import {
  deploy,
  deployScript,
  ended,
  holdLock,
  newestRecord,
  path,
  schedule,
  systemSpec,
} from "./deploying.ts";

const baseline = systemSpec({ runner: "1" });

hostTest(
  "a job that deploys its own runner ends 0, and the runner then runs its new definition",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ runner: "2" }));
    // Nothing but the delay keeps the switch from ending the job.
    const job = await host.queueJob(deployScript(target, "--delay", "15"));
    const { exitCode, output } = await host.jobEnded(job);
    assert.equal(exitCode, 0, output);
    assert.match(output, /action=switch reason=services only delay=15s/);
    const record = await ended(host, (await newestRecord(host)).id);
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.equal(record.outcome?.activationExitCode, 0);
    const facts = await host.facts();
    assert.equal(facts.current, target);
    assert.equal(facts.runnerDefinition, "2");
  },
);

/** The reboot waits for the job that deploys. */
const GATED = {
  verify: { settle: 0 },
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
};

for (const changed of ["kernel", "initrd", "kernelModules"] as const) {
  hostTest(
    `a change of ${changed} reboots the host into the target`,
    { baseline },
    async (host) => {
      const before = await host.facts();
      const target = await host.buildToplevel(
        systemSpec({ runner: "1", kernel: "6.12.3", [changed]: "6.12.9" }, GATED),
      );
      const job = await host.queueJob(deployScript(target, "--delay", "0"));
      assert.equal((await host.jobEnded(job)).exitCode, 0);
      const { id } = await newestRecord(host);
      await host.rebooted(before.bootId);
      const record = await ended(host, id);
      assert.equal(path(record), "scheduled waiting rebooting verifying live");
      const facts = await host.facts();
      assert.deepEqual([facts.booted, facts.current], [target, target]);
      assert.notEqual(facts.bootId, before.bootId);
    },
  );
}

hostTest("of two deploys in a row only the second acts", { baseline }, async (host) => {
  const [first, second] = [
    await host.buildToplevel(systemSpec({ label: "first" })),
    await host.buildToplevel(systemSpec({ label: "second" })),
  ];
  const olderId = await deploy(host, first, "--delay", "60");
  const newerId = await deploy(host, second, "--delay", "1");
  assert.equal(path(await ended(host, newerId)), "scheduled waiting switching verifying live");
  const older = await ended(host, olderId);
  assert.equal(path(older), "scheduled superseded");
  assert.equal(older.outcome?.reason, `superseded by ${newerId}`);
  assert.equal((await host.facts()).current, second);
});

hostTest(
  "a profile moved by hand in between: superseded, nothing is run",
  { baseline },
  async (host) => {
    const [target, other] = [
      await host.buildToplevel(systemSpec({ label: "target" })),
      await host.buildToplevel(systemSpec({ label: "other" })),
    ];
    const before = await host.facts();
    await host.shell("mkdir -p /run/nixos");
    await holdLock(host, "/run/nixos/switch-to-configuration.lock");
    const id = await schedule(host, target, "--delay", "0");
    await host.setProfile(other);
    await host.ok(["systemctl", "stop", "holder.service"]);
    const record = await ended(host, id);
    assert.equal(record.state, "superseded");
    assert.match(record.outcome?.reason ?? "", new RegExp(`the profile moved to ${other}`));
    assert.equal((await host.facts()).current, before.current);
  },
);

hostTest(
  "a wrapped, deploy-rs style profile is finalized by its real toplevel",
  { baseline },
  async (host) => {
    const spec = systemSpec({ label: "wrapped", wrapped: true });
    const wrapper = await host.buildToplevel(spec);
    const id = await deploy(host, wrapper, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(record.state, "live");
    assert.notEqual(record.target, wrapper);
    assert.equal((await host.facts()).current, record.target);
  },
);
