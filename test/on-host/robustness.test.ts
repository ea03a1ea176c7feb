import assert from "node:assert/strict";
import { hostTest } from "../host/host-test.ts";
import { call, deploy, ended, entered, systemSpec } from "./deploying.ts";

const baseline = systemSpec();
const slow = systemSpec({ label: "slow", failure: { activationMs: 1500 } });
/** Still switching when what the test does to it takes a while. */
const slower = systemSpec({ label: "slower", failure: { activationMs: 5000 } });

hostTest(
  "the timer fires within 0.5 s of the asked moment through three daemon-reloads",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    const id = await deploy(host, target, "--delay", "3");
    for (let i = 0; i < 3; i++) await host.ok(["systemctl", "daemon-reload"]);
    const record = await ended(host, id);
    const waiting = record.timeline.find(({ state }) => state === "waiting")?.at ?? "";
    const lateMs = Date.parse(waiting) - Date.parse(record.fireAt);
    assert.ok(lateMs >= 0 && lateMs <= 500, `${lateMs} ms late`);
  },
);

hostTest("run goes on after its journal pipe is gone", { baseline }, async (host) => {
  const target = await host.buildToplevel(slow);
  const id = await deploy(host, target, "--delay", "0");
  await entered(host, id, "switching");
  await host.shell("systemctl kill --signal=KILL systemd-journald.service");
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
});

hostTest("run goes on after its terminal is gone", { baseline }, async (host) => {
  const target = await host.buildToplevel(slower);
  const id = await deploy(host, target, "--delay", "60");
  await host.shell(`systemctl stop deploy-finalize-${id}.timer`);
  await host.shell(
    `sed -i 's/"fireAt": ".*"/"fireAt": "2020-01-01T00:00:00.000Z"/' /var/lib/deploy-finalize/${id}.json`,
  );
  // script(1) gives it a terminal; killed, it takes the terminal away, which sends SIGHUP.
  const command = call(target, "run", id).join(" ");
  await host.shell(
    `systemd-run --quiet --unit=terminal -p KillMode=process script -qec "${command}" /dev/null`,
  );
  await entered(host, id, "switching");
  await host.shell("systemctl kill --kill-whom=main --signal=KILL terminal.service");
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
});

hostTest(
  "run goes on when the reader of its output goes away and it gets SIGHUP",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(slower);
    const id = await deploy(host, target, "--delay", "60");
    await host.shell(`systemctl stop deploy-finalize-${id}.timer`);
    await host.shell(
      `sed -i 's/"fireAt": ".*"/"fireAt": "2020-01-01T00:00:00.000Z"/' /var/lib/deploy-finalize/${id}.json`,
    );
    await host.shell(
      `(${call(target, "run", id).join(" ")} & echo $! > /run/runner.pid; wait) 2>&1 | true &`,
    );
    await entered(host, id, "switching");
    await host.shell("kill -HUP $(cat /run/runner.pid)");
    assert.equal((await ended(host, id)).state, "live");
  },
);
