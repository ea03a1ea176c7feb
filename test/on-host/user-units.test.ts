import assert from "node:assert/strict";
import * as v from "valibot";
import { explainSchema } from "../../src/json/explain.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { ToplevelSpec } from "../test-host/host.ts";
import { assertRuns, call, deploy, ended, path, systemSpec } from "./deploying.ts";

/** A user unit that runs in the first version and fails in the others. */
function spec(version: "good" | "bad", userUnits?: "warn" | "fail" | "ignore"): ToplevelSpec {
  const program = version === "good" ? "sleep infinity" : "/bin/false";
  const sync = `[Service]\nExecStart=${program}\n[Install]\nWantedBy=default.target\n`;
  const old = "[Service]\nExecStart=/bin/false\n[Install]\nWantedBy=default.target\n";
  const verify = { settle: 1, ...(userUnits && { userUnits }) };
  const units = { "sync.service": sync, "old.service": old };
  return { ...systemSpec({ label: version, userUnits: units }, { verify }) };
}

const baseline = spec("good");
const BLAMED = [{ user: "alice", unit: "sync.service" }];

hostTest(
  "a user unit that fails with the deploy: live, and named; what had failed before is not",
  { baseline },
  async (host) => {
    await host.userManager();
    const target = await host.buildToplevel(spec("bad"));
    await host.deployBoot(target);
    const said = v.parse(
      explainSchema,
      JSON.parse(await host.ok(call(target, "explain", "--json"))),
    );
    assert.deepEqual(said.userUnits?.users, ["alice"]);
    assert.deepEqual(said.userUnits?.restart, ["sync.service"]);
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "live");
    assert.deepEqual(record.userUnitsBefore?.failed, [{ user: "alice", unit: "old.service" }]);
    assert.deepEqual(record.userUnits, { failed: BLAMED, unknown: [] });
    const screen = await host.ok(call(target, "status"));
    assert.match(screen, /^\S+ live: .*user units failed:\s+sync\.service of\s+alice/s);
  },
);

hostTest("userUnits = fail: rolled back", { baseline }, async (host) => {
  await host.userManager();
  const before = await host.facts();
  const target = await host.buildToplevel(spec("bad", "fail"));
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(path(record), "scheduled waiting switching verifying rolling-back rolled-back");
  assert.match(record.outcome?.reason ?? "", /user units.*sync\.service of alice failed/);
  assert.deepEqual(record.userUnits, { failed: [], unknown: [] });
  await assertRuns(host, before.current);
});

hostTest("userUnits = ignore: not examined", { baseline }, async (host) => {
  await host.userManager();
  const target = await host.buildToplevel(spec("bad", "ignore"));
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.deepEqual([record.state, record.userUnits], ["live", null]);
});

hostTest(
  "a user unit that cannot be loaded is not failed: live, with what the switch said of it",
  { baseline },
  async (host) => {
    await host.userManager();
    const unit = "[Service]\nExecStart=\n[Install]\nWantedBy=default.target\n";
    const broken = { ...spec("good"), userUnits: { "sync.service": unit } };
    const target = await host.buildToplevel({ ...broken, label: "broken" });
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "live");
    const said = record.userUnits?.trouble?.join("\n") ?? "";
    assert.match(said, /^Failed to start user unit sync\.service: /m);
    assert.match(said, /^warning: user activation for alice failed$/m);
    const screen = await host.ok(call(target, "status"));
    assert.match(screen, /user activation for alice failed/);
  },
);
