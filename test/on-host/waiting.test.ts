import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import {
  call,
  deploy,
  deployScript,
  ended,
  entered,
  holdLock,
  newestRecord,
  path,
  recordOf,
  schedule,
  systemSpec,
} from "./deploying.ts";

const GATED = {
  verify: { settle: 0 },
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
};
const baseline = systemSpec({ runner: "1" }, GATED);

/** A job that goes on until `release` is called. */
const HOLD = "mkfifo /run/hold; read -r _ < /run/hold; rm /run/hold";

async function release(host: Host): Promise<void> {
  await host.shell("echo > /run/hold");
}

/** It sees the end of a job at once, and looks only this often without having seen anything. */
const BACKSTOP_MS = 60_000;

async function isHeld(host: Host): Promise<void> {
  await host.until(
    "the job holds",
    async () => (await host.run(["test", "-p", "/run/hold"])).exitCode === 0,
  );
}

hostTest(
  "a running job is waited for, and the switch goes right after its end",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ runner: "2" }, GATED));
    const job = await host.queueJob(`${deployScript(target)}\n${HOLD}`);
    await isHeld(host);
    const { id, delay } = await newestRecord(host);
    assert.deepEqual(delay, { seconds: 0, source: "automatic" });
    await entered(host, id, "waiting");
    await host.until("it tells what it waits for", async () =>
      (await host.journal(`deploy-finalize-${id}.service`)).includes("waits for CI job"),
    );
    assert.equal(host.job(job).state, "running");
    const releasedAt = Date.now();
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    const record = await ended(host, id);
    assert.equal(record.state, "live");
    const switchedAt = Date.parse(
      record.timeline.find(({ state }) => state === "switching")?.at ?? "",
    );
    assert.ok(switchedAt - releasedAt < BACKSTOP_MS / 2, `${switchedAt - releasedAt} ms`);
    assert.equal((await host.facts()).runnerDefinition, "2");
    assert.match(record.waitedFor.map(({ gate }) => gate).join(), /CI job/);
  },
);

hostTest(
  "a job that starts while another finalization is pending is never killed",
  { baseline },
  async (host) => {
    const first = await host.buildToplevel(systemSpec({ label: "first", runner: "2" }, GATED));
    const second = await host.buildToplevel(systemSpec({ label: "second", runner: "3" }, GATED));
    const journalSays = async (id: string, words: string): Promise<void> => {
      await host.until(`it ${words}`, async () =>
        (await host.journal(`deploy-finalize-${id}.service`)).includes(words),
      );
    };
    await host.shell("mkdir -p /run/nixos");
    await holdLock(host, "/run/nixos/switch-to-configuration.lock");
    const firstId = await schedule(host, first, "--delay", "0");
    await journalSays(firstId, "waits for switch lock");
    const job = await host.queueJob(`${HOLD}\n${deployScript(second)}`);
    await isHeld(host);
    await host.ok(["systemctl", "stop", "holder.service"]);
    await journalSays(firstId, "waits for CI job");
    assert.equal(host.job(job).state, "running");
    await release(host);
    const { exitCode, output } = await host.jobEnded(job);
    assert.equal(exitCode, 0, output);
    const { id } = await newestRecord(host);
    assert.equal((await ended(host, id)).state, "live");
    assert.equal((await ended(host, firstId)).state, "superseded");
    assert.equal((await host.facts()).current, second);
  },
);

hostTest(
  "a runner that the switch does not touch is not waited for",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new", runner: "1" }, GATED));
    const job = await host.queueJob(HOLD);
    await isHeld(host);
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.equal(host.job(job).state, "running");
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
  },
);

for (const [onTimeout, state, jobState] of [
  ["give-up", "failed", "running"],
  ["proceed", "live", "lost"],
] as const) {
  hostTest(
    `a job that never ends: the deadline passes, then ${onTimeout}`,
    { baseline },
    async (host) => {
      const config = { ...GATED, waitFor: { ...GATED.waitFor, timeout: 1, onTimeout } };
      const target = await host.buildToplevel(systemSpec({ runner: "2" }, config));
      const job = await host.queueJob(HOLD);
      await isHeld(host);
      const record = await ended(host, await deploy(host, target, "--delay", "0"));
      assert.equal(record.state, state, record.outcome?.reason);
      await host.until(`the job is ${jobState}`, () => host.job(job).state === jobState);
    },
  );
}

hostTest("the SSH session that deploys is waited for", { baseline: systemSpec() }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "new" }));
  const script = `${deployScript(target)}\n${HOLD}`;
  const ssh = host.run(["ssh", "root@localhost", "bash", "-s"], { stdin: script });
  await isHeld(host);
  const { id, requester } = await newestRecord(host);
  assert.notEqual(requester.sessionId, null);
  await host.until("it waits for the session", async () =>
    (await host.journal(`deploy-finalize-${id}.service`)).includes("waits for session"),
  );
  await release(host);
  assert.equal((await ssh).exitCode, 0);
  assert.equal((await ended(host, id)).state, "live");
});

hostTest(
  "20 deploys in a burst: one activation, of the last",
  { baseline: systemSpec() },
  async (host) => {
    const targets: string[] = [];
    for (let i = 0; i < 20; i++)
      targets.push(await host.buildToplevel(systemSpec({ label: `n${i}` })));
    const ids: string[] = [];
    for (const target of targets.slice(0, -1)) {
      ids.push(await schedule(host, target, "--delay", "60"));
    }
    ids.push(await schedule(host, targets.at(-1) ?? "", "--delay", "0"));
    const last = ids.at(-1) ?? "";
    assert.equal((await ended(host, last)).state, "live");
    assert.equal((await host.facts()).current, targets.at(-1));
    const states: string[] = [];
    for (const id of ids.slice(0, -1)) states.push((await ended(host, id)).state);
    assert.deepEqual(new Set(states), new Set(["superseded"]));
    const activations = (await host.journal()).match(/activating the configuration/g) ?? [];
    assert.equal(activations.length, 1);
  },
);

hostTest(
  "cancelled before it fires: nothing is run, the older system stays",
  { baseline: systemSpec() },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "1h");
    const said = await host.ok(call(target, "cancel"));
    assert.match(said, /the boot default is still/);
    assert.equal((await recordOf(host, id)).state, "cancelled");
    assert.equal((await host.facts()).current, before.current);
    assert.equal(
      await host.shell("systemctl list-units --plain --no-legend 'deploy-finalize-2*.timer'"),
      "",
    );
  },
);

hostTest("cancelled while it waits: the waiting process ends it", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ runner: "2" }, GATED));
  const job = await host.queueJob(HOLD);
  await isHeld(host);
  const id = await deploy(host, target, "--delay", "0");
  await entered(host, id, "waiting");
  await host.ok(call(target, "cancel"));
  assert.equal((await ended(host, id)).state, "cancelled");
  await release(host);
  assert.equal((await host.jobEnded(job)).exitCode, 0);
});

hostTest(
  "a switch that turns out to need a reboot waits for jobs that only the reboot would end",
  { baseline },
  async (host) => {
    const spec = systemSpec({ runner: "1", label: "new", failure: { switchExit: 100 } }, GATED);
    const target = await host.buildToplevel(spec);
    const before = await host.facts();
    const job = await host.queueJob(HOLD);
    await isHeld(host);
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "rebooting");
    await host.until("it waits for the job", async () =>
      (await host.journal(`deploy-finalize-${id}.service`)).includes("waits for CI job"),
    );
    assert.equal(host.job(job).state, "running");
    await release(host);
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    assert.equal((await ended(host, id)).state, "live");
    assert.notEqual((await host.facts()).bootId, before.bootId);
  },
);
