import assert from "node:assert/strict";
import { test } from "node:test";
import { nextBootOf, systemAfterUndo } from "../../src/finalize/undo-deploy.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

test("a put-off reboot that is cancelled takes nothing back: its target is live already", async () => {
  using host = new EdgeHost();
  const [booted, live] = ["booted", "live"].map((name) => makeToplevel(host.folder, name));
  assert.ok(booted !== undefined && live !== undefined);
  host.folder.link("run/current-system", live);
  const profile = host.folder.link("profiles/system", live);
  const systems = { profile, target: live, previous: booted };
  const reboot = aRecord({ ...systems, rebootOf: "20261122-200000-aaaa" });
  assert.deepEqual(
    [systemAfterUndo(host, reboot), (await nextBootOf(host, reboot)).system],
    [live, "previous"],
  );
  assert.equal(systemAfterUndo(host, aRecord(systems)), booted);
});
