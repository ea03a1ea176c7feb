import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, reboot, tellEnding } from "../../../src/host/systemd/systemd.ts";
import type { OwnUnit } from "../../../src/host/process/host.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const LAUNCH = { id: "20261122-213000-aaaa", action: "reboot", command: ["/run"], path: "/bin" };

test("two processes start the unit of a finalization at once: the second one finds it", async () => {
  using host = new EdgeHost();
  host.answers["systemd-run"] = { exitCode: 1, stderr: "Unit was already loaded" };
  host.answers["systemctl show --property=ActiveState"] = { stdout: "inactive\nactivating\n" };
  await launch(host, LAUNCH, "early");
  host.answers["systemctl show --property=ActiveState"] = { stdout: "inactive\ninactive\n" };
  await assert.rejects(launch(host, LAUNCH, "early"), /cannot start .*already loaded/);
});

test("a reboot is asked for again while the job of emergency mode forbids it", async () => {
  using host = new EdgeHost();
  const stderr =
    "Transaction for reboot.target/start is destructive (emergency.target has 'start' job)";
  let asked = 0;
  host.answers["systemctl reboot"] = () => (++asked < 3 ? { exitCode: 1, stderr } : {});
  assert.equal(await reboot(host), null);
  assert.equal(asked, 3);
});

test("what systemd refuses twice while it answers, it refuses for good", async () => {
  using host = new EdgeHost();
  let asked = 0;
  host.answers["systemctl reboot"] = () => {
    asked++;
    return { exitCode: 1, stderr: "Access denied" };
  };
  assert.match((await reboot(host)) ?? "", /Access denied/);
  assert.equal(asked, 2);
});

test("a systemd that executes itself anew is asked again until it answers, for a while", async () => {
  for (const silentFor of [3, 99]) {
    using host = new EdgeHost();
    let asked = 0;
    const silent = { exitCode: 1, stderr: "Failed to connect to bus: Connection reset by peer" };
    const answer = () => (asked <= silentFor ? silent : {});
    host.answers["systemctl show --property=SystemState"] = answer;
    host.answers["systemctl reboot"] = () => {
      asked++;
      host.passes(4000);
      return answer();
    };
    const problem = await reboot(host);
    if (silentFor === 3) assert.equal(problem, null);
    else assert.match(problem ?? "", /Connection reset/);
    assert.equal(asked, 4);
  }
});

function aUnit(): OwnUnit {
  return { notifySocket: "/run/systemd/notify", isEndTold: false };
}

test("systemd hears that a process is about to end; outside of a unit nobody is told", async () => {
  using host = new EdgeHost();
  assert.equal(await tellEnding(host, LAUNCH.id), null);
  assert.deepEqual(host.ran, []);
  const inUnit = Object.assign(host, { ownUnit: aUnit() });
  assert.equal(await tellEnding(inUnit, LAUNCH.id), null);
  assert.deepEqual(host.ran, [["systemd-notify", "STOPPING=1"]]);
});

test("a process that was told late is about to end all the same", async () => {
  for (const state of ["deactivating", "active"]) {
    using host = new EdgeHost();
    host.answers["systemd-notify"] = { exitCode: 1, stderr: "Connection timed out" };
    host.answers["systemctl show --timestamp=unix --property=ActiveState"] = {
      stdout: `ActiveState=${state}\n`,
    };
    const inUnit = Object.assign(host, { ownUnit: aUnit() });
    const problem = await tellEnding(inUnit, LAUNCH.id);
    if (state === "active") assert.match(problem ?? "", /Connection timed out/);
    else assert.equal(problem, null);
    assert.equal(inUnit.ownUnit.isEndTold, state === "deactivating");
  }
});
