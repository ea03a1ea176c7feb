import assert from "node:assert/strict";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { assertRuns, deploy, ended, systemSpec } from "./deploying.ts";

/** Reboots into a target whose activation fails. */
async function rebootInto(host: Host, spec: ToplevelSpec): Promise<FinalizationRecord> {
  const target = await host.buildToplevel(
    systemSpec({ label: "new", kernel: "6.12.9", failure: { activation: "agenix" }, ...spec }),
  );
  return await ended(host, await deploy(host, target, "--delay", "0"));
}

for (const stage1 of ["systemd", "scripted"] as const) {
  hostTest(
    `a snippet that fails at boot, with stage 1 ${stage1}: rolls back and names it`,
    { baseline: systemSpec({ stage1 }) },
    async (host) => {
      const record = await rebootInto(host, { stage1 });
      assert.equal(record.state, "rolled-back");
      assert.match(record.outcome?.reason ?? "", /activation snippet agenix failed at boot/);
      await assertRuns(host, record.previous);
    },
  );
}

hostTest(
  "a snippet that failed at the boot before too does not make a deploy roll back",
  { baseline: systemSpec({ failure: { activation: "agenix" } }) },
  async (host) => {
    const record = await rebootInto(host, {});
    assert.equal(record.state, "live");
    const activation = record.checks.find(({ kind }) => kind === "activation");
    assert.equal(
      activation?.detail,
      "activation snippet agenix failed at boot, as at the boot before",
    );
  },
);

hostTest(
  "a snippet that fails at boot, and nobody knows of the boot before: live, and said",
  { baseline: systemSpec({ stage1: "container" }) },
  async (host) => {
    const record = await rebootInto(host, { stage1: "container" });
    assert.equal(record.state, "live");
    const activation = record.checks.find(({ kind }) => kind === "activation");
    assert.match(activation?.detail ?? "", /agenix failed at boot; whether that is new is unknown/);
    await host.until("it is said", async () =>
      (await host.journal()).includes("activation at boot: activation snippet agenix failed"),
    );
  },
);

hostTest(
  "a snippet that fails at a boot that nobody asked for: rolls back and names it",
  { baseline: systemSpec() },
  async (host) => {
    const failure = { activation: "agenix" } as const;
    const target = await host.buildToplevel(systemSpec({ label: "new", failure }));
    const id = await deploy(host, target, "--delay", "3600");
    await host.powerCut();
    await host.powerOn();
    const record = await ended(host, id);
    assert.equal(record.state, "rolled-back");
    assert.match(record.outcome?.reason ?? "", /activation snippet agenix failed at boot/);
    await assertRuns(host, record.previous);
  },
);
