import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { FakeHost } from "../support/fake-host.ts";
import { aRecord } from "../support/records.ts";

const confirmBy = "2026-11-22T21:40:00.000Z";
const ACTED: FinalizationRecord["timeline"] = [
  { at: "2026-11-22T21:27:00.000Z", state: "verifying", detail: "" },
  { at: "2026-11-22T21:27:01.000Z", state: "failed", detail: "" },
];
const RECORDS: readonly Partial<FinalizationRecord>[] = [
  { id: "20261122-212700-aaaa", state: "failed" },
  { id: "20261122-212800-bbbb", state: "live" },
  { id: "20261122-212900-cccc", state: "verifying", confirmBy },
  { id: "20261122-213000-dddd", state: "waiting" },
];

function hostWithRecords(): FakeHost {
  const host = new FakeHost();
  for (const record of RECORDS.map((changes) => aRecord(changes))) {
    host.folder.write(`state/${record.id}.json`, JSON.stringify(record));
  }
  host.folder.write("state/20261122-212600-eeee.json", "broken");
  return host;
}

async function offered(host: FakeHost, command: string): Promise<string[]> {
  const said = await host.call("--state-dir", host.folder.at("state"), "complete-ids", command);
  assert.deepEqual([said.exitCode, said.stderr], [0, ""]);
  return said.stdout.split("\n").filter(Boolean);
}

test("each command is offered the ids that it can do something with, the newest first", async () => {
  using host = hostWithRecords();
  const letters = async (command: string): Promise<string> =>
    (await offered(host, command)).map((line) => line.charAt(16)).join("");
  assert.equal(await letters("status"), "dcba");
  assert.equal(await letters("cancel"), "d");
  assert.equal(await letters("confirm"), "c");
  assert.equal(await letters("rollback"), "c");
  assert.equal(await letters("run"), "dc");
});

test("rollback is offered what brought the running system live, however it ended", async () => {
  using host = new FakeHost();
  const target = host.booted;
  const changes: Record<string, Partial<FinalizationRecord>> = {
    aaaa: { state: "live", target },
    bbbb: { state: "failed", target, timeline: ACTED },
    cccc: { state: "failed", target },
    dddd: { state: "live", target, previous: target },
    eeee: { state: "live", target: "/nix/store/other" },
  };
  for (const [letters, change] of Object.entries(changes)) {
    const record = aRecord({ id: `20261122-213000-${letters}`, ...change });
    host.folder.write(`state/${record.id}.json`, JSON.stringify(record));
  }
  const ids = (await offered(host, "rollback")).map((line) => line.charAt(16));
  assert.deepEqual(ids, ["b", "a"]);
});

test("an id comes with its state and age", async () => {
  using host = hostWithRecords();
  assert.deepEqual(await offered(host, "cancel"), [
    "20261122-213000-dddd\twaiting, switch, just now",
  ]);
});

test("without records, with a bad configuration, or without access nothing is said", async () => {
  using host = new FakeHost();
  assert.deepEqual(await offered(host, "status"), []);
  const said = await host.call("--config", "/nowhere.json", "complete-ids");
  assert.deepEqual(said, { exitCode: 0, stdout: "", stderr: "" });
  host.folder.write("state/x", "");
  chmodSync(host.folder.at("state"), 0o000);
  const withoutAccess = await offered(host, "status");
  chmodSync(host.folder.at("state"), 0o700);
  assert.deepEqual(withoutAccess, []);
});

test("it is in no help, and offered for no mistyped command", async () => {
  using host = new FakeHost();
  assert.doesNotMatch((await host.call("--help")).stdout, /complete-ids/);
  assert.doesNotMatch((await host.call("xyzzy")).stderr, /complete-ids/);
});
