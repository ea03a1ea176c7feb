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

hostTest("gone before it acts: it has failed, or can be cancelled", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "next" }));
  const first = await scheduleWith(host, target, QUICK, "--delay", "8");
  await host.ok(["rm", FILE]);
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
  const words = [...PROGRAM, "--config", FILE, "--delay", "4"].join(" ");
  await host.shell(`${words} && rm ${FILE}`);
  const waited = await host.run([...PROGRAM, "wait", "--timeout", "20", ...places]);
  assert.deepEqual([waited.exitCode, /cannot read the/.test(waited.stdout)], [1, true]);
});

hostTest("not understood after the host fell back: it is set back", { baseline }, async (host) => {
  const base = (await host.facts()).current;
  const spec = systemSpec({ label: "broken", kernel: "7.0", failure: { boot: true } });
  const target = await host.buildToplevel(spec);
  const { bootId } = await host.facts();
  const id = await scheduleWith(host, target, QUICK, "--delay", "0");
  await entered(host, id, "rebooting");
  await configure(host, OF_A_NEWER_TOOL);
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
  const check = { kind: "command", command: ["/bin/sh", "-c", untilTold], deadline: 0 };
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
