import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { awaitsConfirmation, call, ended, schedule, systemSpec } from "./deploying.ts";

// The switch lock is held by a process that inherited it; the process that took it has exited. In a
// container (its own PID namespace) /proc/locks does not list such a lock.

async function holdFor(host: Host, seconds: number | "infinity"): Promise<void> {
  const hold = `mkdir -p /run/nixos; exec 9>>/run/nixos/switch-to-configuration.lock; flock 9; exec sleep ${seconds}`;
  await host.shell(`systemd-run --quiet --unit=holder sh -c '${hold}'; sleep 0.5`);
}

hostTest(
  "a lock that the kernel does not list is waited for",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    await holdFor(host, 8);
    const id = await schedule(host, target, "--delay", "0");
    assert.equal((await ended(host, id, 60_000)).state, "live");
  },
);

hostTest(
  "a lock that the kernel does not list and nobody lets go: a time limit ends the wait",
  { baseline: systemSpec() },
  async (host) => {
    const config = { verify: { settle: 0 }, waitFor: { timeout: 5 } };
    const target = await host.buildToplevel(systemSpec({ label: "target" }, config));
    await holdFor(host, "infinity");
    const id = await schedule(host, target, "--delay", "0");
    const record = await ended(host, id, 60_000);
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
    await holdFor(host, 12);
    await host.ok(call(target, "rollback", id, "--yes"), { timeoutMs: 60_000 });
    const record = await ended(host, id, 60_000);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    assert.equal(record.timeline.filter(({ detail }) => detail.startsWith("held up")).length, 1);
  },
);
