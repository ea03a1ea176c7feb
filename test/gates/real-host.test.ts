import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";

const tool = repository;
const LOOK = ["/usr/local/bin/node", "/opt/deploy-finalize/test/gates/guest/look.ts"];

async function look(host: Host, what: string, argument = ""): Promise<unknown> {
  return JSON.parse(await host.ok([...LOOK, what, argument]));
}

const RUNNER = "ci-runner.service";
const HOLD = "touch /run/running; until [ -e /run/go ]; do sleep 0.05; done";

hostTest("real runner: idle, busy with a job, inactive", { tool }, async (host) => {
  assert.deepEqual(await look(host, "runners"), [{ unit: RUNNER, state: { kind: "idle" } }]);
  const job = await host.queueJob(HOLD);
  const runs = ["test", "-e", "/run/running"];
  await host.until("the job runs", async () => (await host.run(runs)).exitCode === 0);
  const busy = { kind: "busy", why: "runs a job" };
  assert.deepEqual(await look(host, "runners"), [{ unit: RUNNER, state: busy }]);
  assert.equal(await look(host, "stop-idle"), `${RUNNER} runs a job`);
  await host.ok(["touch", "/run/go"]);
  assert.equal((await host.jobEnded(job)).exitCode, 0);
  await host.until("the runner is idle", async () =>
    JSON.stringify(await look(host, "runners")).includes("idle"),
  );
  assert.equal(await look(host, "stop-idle"), null);
  assert.deepEqual(await look(host, "runners"), [{ unit: RUNNER, state: { kind: "inactive" } }]);
  assert.deepEqual(await look(host, "start"), []);
  await host.until(
    "the runner is back",
    async () => (await host.run(["systemctl", "is-active", RUNNER])).exitCode === 0,
  );
});

hostTest("real dry-activate: tells which switch would stop the runner", { tool }, async (host) => {
  const other = await host.buildToplevel({ label: "other" });
  assert.deepEqual(await look(host, "stopped", other), []);
  const stops = await host.buildToplevel({ runner: "2" });
  const expected = [{ unit: RUNNER, detect: { kind: "processes" } }];
  assert.deepEqual(await look(host, "stopped", stops), expected);
});

hostTest("real ssh session: found, waited for, gone; a job has none", { tool }, async (host) => {
  assert.equal(await look(host, "session"), null);
  const script = [...LOOK, "session"].join(" ");
  const login = host.ok([
    "ssh",
    "root@localhost",
    `${script} > /run/id; echo > /run/done; ${HOLD}`,
  ]);
  await host.until(
    "the session is known",
    async () => (await host.run(["test", "-e", "/run/done"])).exitCode === 0,
  );
  const id: unknown = JSON.parse(await host.read("/run/id"));
  assert.ok(typeof id === "string");
  const over = look(host, "session-end", id);
  await host.ok(["touch", "/run/go"]);
  await login;
  assert.equal(await over, "over");
  const job = await host.queueJob(script);
  assert.equal((await host.jobEnded(job)).output, "null");
});

const unit = (command: string, more = "") => `[Service]\nExecStart=${command}\n${more}\n`;

hostTest(
  "real units: failed and looping ones are seen, older ones excused",
  { tool },
  async (host) => {
    const start = async (name: string, text: string): Promise<void> => {
      await host.write(`/run/systemd/system/${name}`, text);
      await host.ok(["systemctl", "daemon-reload"]);
      await host.run(["systemctl", "start", "--no-block", name]);
    };
    const loop = "Restart=always\nRestartSec=200ms\nStartLimitIntervalSec=0";
    await start("old.service", unit("/bin/false"));
    await start("old-loop.service", unit("/bin/false", loop));
    await start("ignored-1.service", unit("/bin/false"));
    const baseline = await host.until("the old ones have failed", async () => {
      const found = JSON.stringify(await look(host, "baseline"));
      return ["old.", "old-loop.", "ignored-1."].every((name) => found.includes(name)) && found;
    });
    assert.deepEqual(await look(host, "settle", baseline), { kind: "settled" });
    await start("new-loop.service", unit("/bin/sh -c 'sleep 0.3; exit 1'", loop));
    const looping = JSON.stringify(await look(host, "settle", baseline));
    // Between two starts it may also be seen as failed.
    assert.match(
      looping,
      /^\{"kind":"troubled","units":\["new-loop\.service restarted itself \d+ times"/,
    );
    await host.ok(["systemctl", "stop", "new-loop.service"]);
    await start("new.service", unit("/bin/false"));
    const failed = JSON.stringify(await look(host, "settle", baseline));
    assert.match(failed, /"new\.service failed"/);
  },
);
