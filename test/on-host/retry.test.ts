import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as v from "valibot";
import { retrySchema, undoSchema } from "../../src/json/commands.ts";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  call,
  deploy,
  deployScript,
  ended,
  newestRecord,
  systemSpec,
} from "./deploying.ts";

const baseline = systemSpec();

/** Passes when the cause of the failure is repaired. */
const REPAIRED = {
  kind: "command",
  command: ["/usr/bin/test", "-e", "/run/repaired"],
  // One try, however long it takes.
  deadline: 0,
};
const STRICT = { verify: { settle: 0, checks: [REPAIRED] } };

hostTest(
  "a rejected target comes back by retry only, and a bare call clears nothing",
  { baseline },
  async (host) => {
    const { current: before } = await host.facts();
    assert.ok(before !== null);
    const target = await host.buildToplevel(systemSpec({ label: "new" }, STRICT));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "rolled-back");
    const notice = host.path("/run/deploy-finalize/notice");
    await host.until("the notice is there", () => existsSync(notice));
    const bare = await host.run(call(before));
    assert.equal(bare.exitCode, 1);
    assert.match(bare.stderr, new RegExp(`deploy-finalize retry ${id}`));
    assert.match(await host.ok(call(before, "explain")), /nothing was deployed since/);
    assert.equal((await newestRecord(host)).id, id);
    assert.ok(existsSync(notice), "the notice is left");
    await host.ok(["touch", "/run/repaired"]);
    const said = await host.ok(call(before, "retry", "--yes", "--json"));
    const json = v.parse(retrySchema, JSON.parse(said));
    assert.equal(json.of, id);
    const record = await ended(host, json.finalization.id);
    assert.deepEqual([record.state, record.retryOf], ["live", id], record.outcome?.reason);
    await assertRuns(host, target);
    await host.until("the notice has ended", () => !existsSync(notice));
  },
);

hostTest(
  "the running system, deployed again after a rollback, is finalized",
  { baseline },
  async (host) => {
    const { current: before } = await host.facts();
    assert.ok(before !== null);
    const target = await host.buildToplevel(systemSpec({ label: "new" }, STRICT));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "rolled-back");
    const reverted = await deploy(host, before, "--delay", "0");
    assert.notEqual(reverted, id);
    assert.equal((await ended(host, reverted)).state, "live");
  },
);

hostTest("undo goes back to what runs, exactly", { baseline }, async (host) => {
  const live = await host.buildToplevel(systemSpec({ label: "live" }));
  assert.equal((await ended(host, await deploy(host, live, "--delay", "0"))).state, "live");
  // A deploy that changes nothing makes no generation.
  const unchanged = await host.run(["sh", "-c", `${deployScript(live, "--revision")} || true`]);
  assert.equal(unchanged.exitCode, 0);
  const nothing = v.parse(undoSchema, JSON.parse(await host.ok(call(live, "undo", "--json"))));
  assert.deepEqual([nothing.from, nothing.to], [live, live]);
  await assertRuns(host, live);
  const next = await host.buildToplevel(systemSpec({ label: "next" }));
  await host.deployBoot(next);
  assert.equal((await host.facts()).bootDefault, next);
  await host.ok(call(next, "undo"));
  await assertRuns(host, live);
  // The deploy of a finalization that waits is not undone.
  await host.shell(deployScript(next, "--delay", "3600"));
  const refused = await host.run(call(live, "undo"));
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /--restore-boot-default/);
  assert.equal((await host.facts()).profile, next);
});
