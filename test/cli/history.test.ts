import assert from "node:assert/strict";
import { test } from "node:test";
import { historySchema } from "../../src/json/history.ts";
import { listing } from "../support/listing.ts";
import { OperatedHost, parseJson } from "./operating.ts";

const IDS = ["20261122-213000-aaaa", "20261122-213100-bbbb", "20261122-213200-cccc"] as const;

function hostWithHistory(): OperatedHost {
  const host = new OperatedHost();
  for (const id of IDS) host.save({ id });
  return host;
}

test("history: the newest first, and no more than asked for", async () => {
  using host = hostWithHistory();
  const before = listing(host.folder.path);
  const { stdout } = await host.operate("history");
  assert.deepEqual(stdout.match(/aaaa|bbbb|cccc/g), ["cccc", "bbbb", "aaaa"]);
  const limited = (await host.operate("history", "-n", "2")).stdout;
  assert.deepEqual(limited.match(/aaaa|bbbb|cccc/g), ["cccc", "bbbb"]);
  assert.deepEqual(listing(host.folder.path), before);
});

test("history: --json is as its schema says", async () => {
  using host = hostWithHistory();
  const json = parseJson(historySchema, (await host.operate("history", "--json")).stdout);
  assert.deepEqual(
    json.finalizations.map(({ id }) => id),
    IDS.toReversed(),
  );
});

test("history: records that cannot be read are listed as such", async () => {
  using host = hostWithHistory();
  host.folder.write(`state/${IDS[0]}.json`, '{"schemaVersion":2}');
  host.store.quarantine(IDS[1]);
  const { exitCode, stdout } = await host.operate("history");
  assert.equal(exitCode, 0);
  assert.match(stdout, /x {2}aaaa .*broken/);
  assert.match(stdout, /x {2}bbbb .*broken/);
  const json = parseJson(historySchema, (await host.operate("history", "--json")).stdout);
  assert.deepEqual(json.broken, [
    { id: IDS[1], why: "damaged; renamed to .json.broken" },
    { id: IDS[0], why: "schema version 2, written by a newer deploy-finalize" },
  ]);
});

test("history: without any record it says so", async () => {
  using host = new OperatedHost();
  const { exitCode, stdout } = await host.operate("history");
  assert.equal(exitCode, 0);
  assert.match(stdout, /no finalization on this host yet/);
});

test("history: a limit that is no number is a usage error", async () => {
  using host = new OperatedHost();
  for (const limit of ["0", "-1", "all", "1.5", ""]) {
    assert.equal((await host.operate("history", `--limit=${limit}`)).exitCode, 2, limit);
  }
});

test("history: a state folder that is a file is refused with the reason", async () => {
  using host = new OperatedHost();
  host.folder.write("state", "");
  const { exitCode, stderr } = await host.operate("history");
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot use the state folder .*ENOTDIR/);
});
