import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  call,
  ended,
  entered,
  newestRecord,
  PROGRAM,
  recordOf,
  systemSpec,
} from "./deploying.ts";

/**
 * A configuration that cannot be read when it is needed: removed, or written for a newer tool than
 * the one of the system that the host has fallen back to.
 */

const baseline = systemSpec();
const FILE = "/root/config.json";
const QUICK = { verify: { settle: 0 } };
const OF_A_NEWER_TOOL = { ...QUICK, keyOfANewerTool: 1 };

async function configure(host: Host, config: object): Promise<void> {
  await host.write(FILE, JSON.stringify(config));
}

/** Deploys with a configuration; returns the finalization. */
async function scheduleWith(
  host: Host,
  toplevel: string,
  config: object,
  ...options: string[]
): Promise<string> {
  await configure(host, config);
  await host.deployBoot(toplevel);
  await host.ok([...PROGRAM, "--config", FILE, ...options]);
  return (await newestRecord(host)).id;
}

/** In place of its timer, at a moment when the configuration is gone for sure. */
async function startUnit(host: Host, id: string): Promise<void> {
  await host.ok(["systemctl", "start", "--no-block", `deploy-finalize-${id}.service`]);
}

hostTest("gone before it acts: it has failed, or can be cancelled", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "next" }));
  const first = await scheduleWith(host, target, QUICK, "--delay", "3600");
  await host.ok(["rm", FILE]);
  await startUnit(host, first);
  const { state, outcome } = await ended(host, first);
  assert.equal(state, "failed");
  assert.match(outcome?.reason ?? "", /cannot read the configuration/);
  const second = await scheduleWith(host, target, QUICK, "--delay", "3600");
  await host.ok(["rm", FILE]);
  await host.ok(call(target, "cancel", second));
  assert.equal((await recordOf(host, second)).state, "cancelled");
});

hostTest("gone, and it named the state folder: it has failed", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "next" }));
  const places = ["--state-dir", "/var/lib/other"];
  await configure(host, { ...QUICK, stateDir: "/var/lib/other" });
  await host.deployBoot(target);
  const words = [...PROGRAM, "--config", FILE, "--delay", "3600"].join(" ");
  await host.shell(`${words} && rm ${FILE}`);
  const newest = (await host.ok(["readlink", "/var/lib/other/current"])).trim();
  await startUnit(host, newest.replace(".json", ""));
  const waited = await host.run([...PROGRAM, "wait", "--timeout", "120", ...places]);
  assert.deepEqual([waited.exitCode, /cannot read the/.test(waited.stdout)], [1, true]);
});

hostTest("not understood after the host fell back: it is set back", { baseline }, async (host) => {
  const base = (await host.facts()).current;
  const spec = systemSpec({ label: "broken", kernel: "7.0", failure: { boot: true } });
  const target = await host.buildToplevel(spec);
  const { bootId } = await host.facts();
  // It has read its configuration when it waits, and reboots only once there is another one.
  await host.shell("systemd-run --quiet --unit=gate sleep infinity");
  const gated = { ...QUICK, waitFor: { units: ["gate.service"] } };
  const id = await scheduleWith(host, target, gated, "--delay", "0");
  await entered(host, id, "waiting");
  await configure(host, OF_A_NEWER_TOOL);
  await host.ok(["systemctl", "stop", "gate.service"]);
  await host.rebooted(bootId);
  const { state, outcome } = await ended(host, id);
  assert.deepEqual([state, outcome?.reason.startsWith("fell back")], ["failed", true]);
  await assertRuns(host, base);
});

hostTest("not understood on the way back: it arrives all the same", { baseline }, async (host) => {
  const base = (await host.facts()).current;
  const target = await host.buildToplevel(systemSpec({ label: "next", kernel: "7.0" }));
  const { bootId } = await host.facts();
  const untilTold = "until test -e /run/go; do sleep 0.1; done; exit 1";
  const command = ["/bin/sh", "-c", untilTold];
  const check = { kind: "command", command, timeout: 200, deadline: 0 };
  const config = { verify: { settle: 0, checks: [check] } };
  const id = await scheduleWith(host, target, config, "--delay", "0");
  const second = await host.rebooted(bootId);
  await entered(host, id, "verifying");
  await configure(host, OF_A_NEWER_TOOL);
  await host.ok(["touch", "/run/go"]);
  await host.rebooted(second);
  assert.equal((await ended(host, id)).state, "rolled-back");
  await assertRuns(host, base);
});
