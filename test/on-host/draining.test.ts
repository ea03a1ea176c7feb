import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, entered, newestRecord, path, recordOf } from "./deploying.ts";
import { deployJob, drainingSpec, drainsUnit, isActive, killsUnit, RUNNER } from "./draining.ts";

/** Draining a runner: it finishes its job and takes no new one, and then comes the act. */

const baseline = drainingSpec({ runner: "1" });
const HOLD = "mkfifo /run/hold; read -r _ < /run/hold; rm /run/hold";

async function holds(host: Host): Promise<void> {
  await host.until("the job holds", async () => {
    return (await host.run(["test", "-p", "/run/hold"])).exitCode === 0;
  });
}

/** Queues a job that runs until it is released, and waits until it runs. */
async function runJob(host: Host): Promise<string> {
  const job = await host.queueJob(HOLD);
  await holds(host);
  return job;
}

async function release(host: Host): Promise<void> {
  await holds(host);
  await host.shell("echo > /run/hold");
}

async function definitionIs(host: Host, version: string): Promise<void> {
  await host.until(`the runner is number ${version}`, async () => {
    return (await host.facts()).runnerDefinition === version;
  });
}

async function drains(host: Host): Promise<void> {
  await host.until("the runner drains", async () => {
    return (await isActive(host, RUNNER)) === "deactivating";
  });
}

async function works(host: Host): Promise<void> {
  await host.until("the runner works", async () => (await isActive(host, RUNNER)) === "active");
}

hostTest(
  "a runner finishes its job and takes no new one; then comes the act, and the runner works",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(drainingSpec({ runner: "2" }));
    const job = await host.queueJob(deployJob(target, HOLD));
    await drains(host);
    const { id } = await newestRecord(host);
    const next = await host.queueJob("echo next");
    await host.until("it says so", async () => {
      const said = await host.ok(call(target, "status", id));
      return /CI job/.test(said);
    });
    assert.deepEqual((await recordOf(host, id)).stoppedRunners, [RUNNER]);
    assert.equal(host.job(next).state, "queued");
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    const record = await ended(host, id);
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.match(record.waitedFor.map(({ gate, why }) => `${gate}: ${why}`).join(), /^CI job: /);
    assert.equal((await host.jobEnded(next)).exitCode, 0);
    await definitionIs(host, "2");
  },
);

const SLOW = `[Unit]
Description=Keeps the switch that starts it waiting
[Service]
Type=oneshot
ExecStart=sleep 2
RemainAfterExit=yes
[Install]
WantedBy=multi-user.target
`;

hostTest(
  "a switch that starts the runner early: the next job begins after the switch, and can deploy",
  { baseline },
  async (host) => {
    const slow = { "slow.service": SLOW };
    const first = await host.buildToplevel(drainingSpec({ runner: "2", units: slow }));
    const second = await host.buildToplevel(drainingSpec({ runner: "3", units: slow }));
    const job = await host.queueJob(deployJob(first, HOLD));
    await drains(host);
    const { id } = await newestRecord(host);
    const next = await host.queueJob(deployJob(second, ""));
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    const { exitCode, output } = await host.jobEnded(next);
    assert.equal(exitCode, 0, output);
    const { id: secondId } = await newestRecord(host);
    assert.equal((await ended(host, id)).state, "live");
    assert.equal((await ended(host, secondId)).state, "live");
    await definitionIs(host, "3");
  },
);

hostTest(
  "the job that is waited for deploys again: only the newer deploy goes live",
  { baseline },
  async (host) => {
    const first = await host.buildToplevel(drainingSpec({ label: "first", runner: "2" }));
    const second = await host.buildToplevel(drainingSpec({ label: "second", runner: "3" }));
    const job = await host.queueJob(deployJob(first, `${HOLD}\n${deployJob(second, "")}`));
    await drains(host);
    const { id: firstId } = await newestRecord(host);
    await release(host);
    const { exitCode, output } = await host.jobEnded(job);
    assert.equal(exitCode, 0, output);
    const { id } = await newestRecord(host);
    assert.equal((await ended(host, id)).state, "live");
    assert.equal((await ended(host, firstId)).state, "superseded");
    await definitionIs(host, "3");
    await works(host);
  },
);

hostTest("cancelled while it drains: the runner works again", { baseline }, async (host) => {
  const target = await host.buildToplevel(drainingSpec({ runner: "2" }));
  const job = await runJob(host);
  await release(host);
  assert.equal((await host.jobEnded(job)).exitCode, 0);
  const other = await runJob(host);
  const id = await deploy(host, target, "--delay", "0");
  await drains(host);
  await host.ok(call(target, "cancel", id));
  assert.equal((await recordOf(host, id)).state, "cancelled");
  await release(host);
  assert.equal((await host.jobEnded(other)).exitCode, 0);
  await works(host);
  assert.equal((await host.facts()).runnerDefinition, "1");
});

hostTest(
  "killed while it drains: it goes on, and no runner stays stopped",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(drainingSpec({ runner: "2" }));
    const job = await runJob(host);
    const id = await deploy(host, target, "--delay", "0");
    await drains(host);
    await host.ok(["systemctl", "kill", "--signal=KILL", `deploy-finalize-${id}.service`]);
    await host.until("another process has taken it up", async () => {
      return (
        (await host.journal(`deploy-finalize-${id}.service`)).split("drains ci-runner").length > 2
      );
    });
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    assert.equal((await ended(host, id)).state, "live");
    await works(host);
  },
);

for (const [onTimeout, state, jobState] of [
  ["give-up", "failed", "ended"],
  ["proceed", "live", "ended"],
] as const) {
  hostTest(`a drain that does not end: ${onTimeout}`, { baseline }, async (host) => {
    const target = await host.buildToplevel(
      drainingSpec({ runner: "2" }, { timeout: 1, onTimeout }),
    );
    const job = await runJob(host);
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, state, record.outcome?.reason);
    if (onTimeout === "give-up") {
      assert.match(record.outcome?.reason ?? "", /timed out after 5 s waiting for CI job/);
      assert.equal(host.job(job).state, "running");
      await release(host);
    }
    await host.until(`the job is ${jobState}`, () => host.job(job).state === jobState);
    await works(host);
  });
}

hostTest(
  "a runner whose running process was not started to drain is only looked at",
  { baseline: drainingSpec({ runner: "1" }, {}, "[Service]\nKillMode=mixed\nTimeoutStopSec=2h\n") },
  async (host) => {
    const target = await host.buildToplevel(drainingSpec({ runner: "2" }));
    const job = await runJob(host);
    const id = await deploy(host, target, "--delay", "0");
    await host.until("it waits for the job", async () => {
      return (await host.journal(`deploy-finalize-${id}.service`)).includes("waits for CI job");
    });
    assert.equal(await isActive(host, RUNNER), "active");
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    assert.equal((await ended(host, id)).state, "live");
  },
);

hostTest("a reboot drains first, and the runner works after it", { baseline }, async (host) => {
  const target = await host.buildToplevel(drainingSpec({ runner: "2", kernel: "6.12.9" }));
  const job = await runJob(host);
  const id = await deploy(host, target, "--delay", "0");
  await drains(host);
  await release(host);
  assert.equal((await host.jobEnded(job)).exitCode, 0);
  assert.equal((await ended(host, id)).state, "live");
  await works(host);
});

for (const [what, unit] of [
  ["drains too", drainsUnit()],
  ["waits for a runner that does not drain", killsUnit()],
] as const) {
  hostTest(
    `a rollback ${what}: the job that began after the switch is finished`,
    { baseline: drainingSpec({ runner: "1" }, {}, unit) },
    async (host) => {
      const { current } = await host.facts();
      // It fails once the job runs.
      const untilTold = "until test -e /run/job-runs; do sleep 0.1; done; exit 1";
      const command = ["/bin/sh", "-c", untilTold];
      const checks = [{ kind: "command", command, timeout: 200, deadline: 0 }];
      const waitFor = { runners: [{ unit: RUNNER, detect: { kind: "processes" } }] };
      const config = JSON.stringify({ verify: { settle: 0, checks }, waitFor });
      const spec = drainingSpec({ runner: "2" }, {}, unit);
      const etc = { "deploy-finalize.json": config };
      const target = await host.buildToplevel({ ...spec, etc });
      const id = await deploy(host, target, "--delay", "0");
      await entered(host, id, "verifying");
      const job = await runJob(host);
      await host.ok(["touch", "/run/job-runs"]);
      await entered(host, id, "rolling-back");
      await host.until("it waits for the job", async () => {
        return /drains ci-runner|waits for CI job/.test(
          await host.journal(`deploy-finalize-${id}.service`),
        );
      });
      assert.equal(host.job(job).state, "running");
      await release(host);
      assert.equal((await host.jobEnded(job)).exitCode, 0);
      const record = await ended(host, id);
      assert.equal(record.state, "rolled-back", record.outcome?.reason);
      assert.equal((await host.facts()).current, current);
      await works(host);
    },
  );
}
