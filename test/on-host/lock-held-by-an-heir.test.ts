import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { awaitsConfirmation, call, ended, recordOf, schedule, systemSpec } from "./deploying.ts";

// The switch lock is held by a process that inherited it; the process that took it has exited. In a
// container (its own PID namespace) /proc/locks does not list such a lock.

const LOCK = "/run/nixos/switch-to-configuration.lock";

async function hold(host: Host): Promise<void> {
  const script = `mkdir -p /run/nixos; exec 9>>${LOCK}; flock 9; touch /run/held; exec sleep infinity`;
  await host.shell(`systemd-run --quiet --unit=holder sh -c '${script}'`);
  await host.until("the lock is held", async () => {
    return (await host.run(["test", "-e", "/run/held"])).exitCode === 0;
  });
}

async function letGo(host: Host): Promise<void> {
  await host.ok(["systemctl", "stop", "holder.service"]);
}

async function isHeldUp(host: Host, id: string): Promise<void> {
  await host.until("it is held up", async () => {
    const { timeline } = await recordOf(host, id);
    return timeline.some(({ detail }) => /^held up|holds the switch lock/.test(detail));
  });
}

hostTest(
  "a lock that the kernel does not list is waited for",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    await hold(host);
    const id = await schedule(host, target, "--delay", "0");
    await isHeldUp(host, id);
    await letGo(host);
    assert.equal((await ended(host, id)).state, "live");
  },
);

hostTest(
  "a lock that the kernel does not list and nobody lets go: a time limit ends the wait",
  { baseline: systemSpec() },
  async (host) => {
    const config = { verify: { settle: 0 }, waitFor: { timeout: 5 } };
    const target = await host.buildToplevel(systemSpec({ label: "target" }, config));
    await hold(host);
    const id = await schedule(host, target, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(record.state, "failed");
    assert.match(
      record.outcome?.reason ?? "",
      /^timed out after 5 s: another process holds the switch lock$/,
    );
  },
);

const CONFIRM = { verify: { settle: 0, confirm: { within: 600 } } };

hostTest(
  "a rollback waits for a lock that the kernel does not list, longer than 28 tries",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }, CONFIRM));
    const id = await schedule(host, target, "--delay", "0");
    await awaitsConfirmation(host, id);
    await hold(host);
    const asked = host.ok(call(target, "rollback", id, "--yes"));
    await isHeldUp(host, id);
    await host.shell("sleep 12");
    await letGo(host);
    await asked;
    const record = await ended(host, id);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    assert.equal(record.timeline.filter(({ detail }) => detail.startsWith("held up")).length, 1);
  },
);
