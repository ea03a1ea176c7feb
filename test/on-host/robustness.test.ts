import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, entered, stopTimer, systemSpec } from "./deploying.ts";

const baseline = systemSpec();
/** Still switching, however long what the test does to it takes. */
const held = systemSpec({ label: "held" });

hostTest(
  "three daemon-reloads leave the timer at the moment that was asked for",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    const id = await deploy(host, target, "--delay", "20");
    const timer = ["systemctl", "show", `deploy-finalize-${id}.timer`];
    const planned = [...timer, "--property=NextElapseUSecRealtime,AccuracyUSec,ActiveState"];
    const before = await host.ok(planned);
    assert.match(before, /^AccuracyUSec=100ms$/m);
    assert.match(before, /^ActiveState=active$/m);
    for (let i = 0; i < 3; i++) await host.ok(["systemctl", "daemon-reload"]);
    assert.equal(await host.ok(planned), before);
    const record = await ended(host, id);
    const waiting = record.timeline.find(({ state }) => state === "waiting")?.at ?? "";
    assert.ok(waiting >= record.fireAt, `fired at ${waiting}, before ${record.fireAt}`);
  },
);

hostTest("run goes on after its journal pipe is gone", { baseline }, async (host) => {
  const target = await host.buildToplevel(held);
  await host.holdActivation();
  const id = await deploy(host, target, "--delay", "0");
  await entered(host, id, "switching");
  await host.shell("systemctl kill --signal=KILL systemd-journald.service");
  await host.letActivate();
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
});

hostTest("run goes on after its terminal is gone", { baseline }, async (host) => {
  const target = await host.buildToplevel(held);
  await host.holdActivation();
  const id = await deploy(host, target, "--delay", "60");
  await stopTimer(host, id);
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
  await host.letActivate();
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
});

hostTest(
  "run goes on when the reader of its output goes away and it gets SIGHUP",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(held);
    await host.holdActivation();
    const id = await deploy(host, target, "--delay", "60");
    await stopTimer(host, id);
    await host.shell(
      `sed -i 's/"fireAt": ".*"/"fireAt": "2020-01-01T00:00:00.000Z"/' /var/lib/deploy-finalize/${id}.json`,
    );
    await host.shell(
      `(${call(target, "run", id).join(" ")} & echo $! > /run/runner.pid; wait) 2>&1 | true &`,
    );
    await entered(host, id, "switching");
    await host.shell("kill -HUP $(cat /run/runner.pid)");
    await host.letActivate();
    assert.equal((await ended(host, id)).state, "live");
  },
);
