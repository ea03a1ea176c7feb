import assert from "node:assert/strict";
import * as v from "valibot";
import { statusSchema } from "../../src/json/status.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { call, deploy, ended, systemSpec } from "./deploying.ts";

/** A service that runs a program of the store. */
function service(program: string, ...settings: string[]): string {
  const lines = [`ExecStart=@${program}@ infinity`, ...settings].join("\n");
  return `[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`;
}

/** Two services with the same program; a switch restarts only one of them. */
function spec(version: string, more: ToplevelSpec = {}): ToplevelSpec {
  return systemSpec({
    ...more,
    label: `v${version}`,
    programs: { worker: version },
    units: {
      "held.service": service("worker", "X-RestartIfChanged=false"),
      "web.service": service("worker"),
      ...more.units,
    },
  });
}

async function namedUnits(host: Host, toplevel: string): Promise<string[]> {
  const json: unknown = JSON.parse(await host.ok(call(toplevel, "status", "--json")));
  const { finalization } = v.parse(statusSchema, json);
  const oldCode = finalization?.oldCode;
  assert.ok(oldCode?.kind === "known", JSON.stringify(oldCode));
  return oldCode.units.map(({ unit, why }) => `${unit}: ${why}`);
}

const baseline = spec("1");

hostTest(
  "a service that is not restarted is named as on old code, a restarted one is not",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(spec("2"));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "live");
    assert.deepEqual(await namedUnits(host, target), ["held.service: restartIfChanged = false"]);
    assert.ok(record.oldCode?.kind === "known");
    assert.equal(record.oldCode.units[0]?.processes, 1);
    assert.match(record.oldCode.units[0]?.paths.join(" ") ?? "", /^\/nix\/store\/\w+-worker-1$/);
    const screen = await host.ok(call(target, "status"));
    assert.match(
      screen,
      /units that still ran old code at the end: 1\n.*held\.service \(1 process\)/,
    );
    // A restart by hand ends it, and the next finalization says so.
    await host.ok(["systemctl", "restart", "held.service"]);
    const again = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(again.state, "live");
    assert.deepEqual(await namedUnits(host, target), []);
  },
);

hostTest("nothing is on old code after a reboot", { baseline }, async (host) => {
  const target = await host.buildToplevel(spec("2", { kernel: "6.12.9" }));
  const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
  assert.equal(record.state, "live");
  assert.deepEqual(await namedUnits(host, target), []);
});

hostTest(
  "after a rollback the closure is that of the system that runs then",
  { baseline },
  async (host) => {
    // It starts new with the target and stays: the previous system does not have its program.
    const fresh = service("extra", "X-RestartIfChanged=false");
    const failing =
      "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n";
    const stays = fresh.replace("[Service]", "[Unit]\nX-StopOnRemoval=false\n[Service]");
    const target = await host.buildToplevel(
      systemSpec({
        label: "bad",
        programs: { worker: "1", extra: "1" },
        units: { ...baseline.units, "stays.service": stays, "fails.service": failing },
      }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "rolled-back");
    assert.deepEqual(await namedUnits(host, target), [
      "stays.service: the running system has no such unit",
    ]);
  },
);
