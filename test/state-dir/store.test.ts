import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Refusal } from "../../src/core/refusal.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";
import { saveNewest } from "../support/store.ts";

test("store: what was saved is read back, and is private", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord());
  assert.deepEqual(await store.read(aRecord().id), { kind: "record", record: aRecord() });
  assert.equal(store.newest(), aRecord().id);
  assert.equal(statSync(folder.at(`state/${aRecord().id}.json`)).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder.at("state")).toSorted(), [`${aRecord().id}.json`, "current"]);
});

test("store: undoing the first record leaves no trace", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.create();
  store.saveNew(aRecord());
  // It may be called again, because the sync of the folder may fail.
  for (let times = 0; times < 2; times++) store.removeNew(aRecord().id);
  assert.deepEqual(readdirSync(folder.at("state")), []);
});

test("store: undoing a later record leaves the one before as the newest", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord());
  store.saveNew(aRecord({ id: "20261122-220000-bbbb" }));
  assert.equal(store.newest(), aRecord().id, "nothing points to it before it is published");
  store.removeNew("20261122-220000-bbbb");
  assert.equal(store.newest(), aRecord().id);
  assert.deepEqual(store.ids(), [aRecord().id]);
});

test("store: undone, it leaves the newest alone where that is a newer one by now", () => {
  for (const before of [[], [aRecord()]]) {
    using folder = new Folder();
    const store = new RecordStore(folder.at("state"));
    for (const record of before) saveNewest(store, record);
    store.create();
    store.saveNew(aRecord({ id: "20261122-220000-bbbb" }));
    saveNewest(store, aRecord({ id: "20261122-220000-cccc" }));
    store.removeNew("20261122-220000-bbbb");
    assert.equal(store.newest(), "20261122-220000-cccc");
  }
});

test("store: a record that a killed call did not publish is published by its own process", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord());
  const newer = aRecord({ id: "20261122-220000-bbbb" });
  store.saveNew(newer);
  store.publish(aRecord().id);
  assert.equal(store.newest(), aRecord().id);
  store.publish(newer.id);
  assert.equal(store.newest(), newer.id);
});

test("store: current that names no record counts as none", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord());
  folder.remove(`state/${aRecord().id}.json`);
  assert.equal(store.newest(), null);
});

test("store: what a killed call has left is removed, and what one just writes is not", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord({ id: "20261122-220000-bbbb" }));
  const [older, newer] = ["20261122-210000-aaaa.json", "20261122-230000-cccc.json"];
  const left = [`${older}.${randomUUID()}`, `current.${older}.tmp`];
  const fresh = [`${newer}.${randomUUID()}`, `current.${newer}.tmp`];
  for (const name of [...left, ...fresh]) folder.write(`state/${name}`, "half");
  store.prune(() => []);
  assert.deepEqual(
    readdirSync(folder.at("state")).toSorted(),
    [...fresh, "20261122-220000-bbbb.json", "current"].toSorted(),
  );
});

test("store: the newest comes first, also where the clock was set back", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  const ids = ["20261122-220000-bbbb", "20261122-230000-cccc", "20261122-210000-aaaa"];
  for (const id of ids) saveNewest(store, aRecord({ id }));
  const seen: string[] = [];
  for await (const { id } of store.newestFirst()) seen.push(id);
  assert.deepEqual(seen, ["20261122-210000-aaaa", "20261122-230000-cccc", "20261122-220000-bbbb"]);
});

const broken: [string, string, RegExp][] = [
  ["an empty file", "", /not JSON/],
  ["half a file", '{"schemaVersion": 1, "id"', /not JSON/],
  ["another shape", '{"schemaVersion": 1}', /id: /],
  ["a list", "[]", /schemaVersion|Object/],
  ["an unknown state", JSON.stringify({ ...aRecord(), state: "flying" }), /state: /],
];
for (const [name, text, why] of broken) {
  test(`store: ${name} is broken, with the reason`, async () => {
    using folder = new Folder();
    folder.write(`state/${aRecord().id}.json`, text);
    const read = await new RecordStore(folder.at("state")).read(aRecord().id);
    assert.ok(read.kind === "broken");
    assert.match(read.why, why);
  });
}

test("store: a newer program's record is known as such, with what this program can use of it", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  const newer = { ...aRecord(), schemaVersion: 7, sails: { colour: "black" } };
  const path = folder.write(`state/${aRecord().id}.json`, JSON.stringify(newer));
  const why = "schema version 7, written by a newer deploy-finalize";
  assert.deepEqual(await store.read(aRecord().id), { kind: "newer", why, record: aRecord() });
  folder.write(`state/${aRecord().id}.json`, JSON.stringify({ ...newer, target: null }));
  assert.deepEqual(await store.read(aRecord().id), { kind: "newer", why, record: null });
  assert.ok(existsSync(path));
});

test("store: a folder that cannot be used is refused with what to do", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.write("file", ""));
  assert.throws(
    () => saveNewest(store, aRecord()),
    (error) => error instanceof Refusal && /--state-dir/.test(error.message),
  );
});

test("store: foreign files in the folder are no records", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  saveNewest(store, aRecord());
  writeFileSync(folder.at("state/notes.json"), "{}");
  writeFileSync(folder.at(`state/${aRecord().id}.json.broken`), "{}");
  assert.deepEqual(store.ids(), [aRecord().id]);
});

test("store: what is scheduled while old records are removed stays, also if the clock was set back", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  for (let i = 0; i < 102; i++) saveNewest(store, aRecord({ id: `20261122-220000-b${100 + i}` }));
  const late = aRecord({ id: "20261122-210000-bbbb" });
  store.prune(() => {
    // It pins before it saves, so whoever saw its files sees its pin.
    store.saveNew(late);
    return [];
  });
  assert.ok(store.ids().includes(late.id) && store.isPrepared(late.id));
});

test("store: the newest hundred that have ended are kept, and older ones that are pinned", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  const ids = Array.from({ length: 104 }, (_, index) => `20261122-220000-b${100 + index}`);
  for (const id of ids) saveNewest(store, aRecord({ id }));
  const [pinned = "", ...others] = ids;
  store.prune(() => [pinned]);
  assert.deepEqual(store.ids(), [pinned, ...others.slice(2)]);
});

test("store: a folder that others own or may write into is refused, with what to do", async () => {
  using folder = new Folder();
  saveNewest(new RecordStore(folder.at("state")), aRecord());
  const state = folder.at("state");
  for (const [mode, refused] of [
    [0o700, false],
    [0o755, false],
    [0o770, true],
    [0o777, true],
    [0o1777, true],
  ] as const) {
    chmodSync(state, mode);
    const store = new RecordStore(state);
    if (refused) assert.throws(() => store.newest(), /cannot be trusted: others than its owner/);
    else assert.equal(store.newest(), aRecord().id);
  }
  chmodSync(state, 0o700);
  if (process.getuid?.() !== 0) return;
  chownSync(state, 1234, 0);
  assert.throws(() => new RecordStore(state).ids(), /user 1234 owns it\. .*chown root:root/s);
  await assert.rejects(new RecordStore(state).read(aRecord().id), Refusal);
});

test("store: a FIFO in the place of a record is a broken record, and is renamed as one", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.create();
  execFileSync("mkfifo", [folder.at(`state/${aRecord().id}.json`)]);
  const read = await store.read(aRecord().id);
  assert.match(read.kind === "broken" ? read.why : "", /is not a regular file/);
  store.quarantine(aRecord().id);
  assert.deepEqual(store.setAside(), [aRecord().id]);
});

test("store: whatever stands in the place of current, the next schedule puts its link there", () => {
  for (const inTheWay of ["state/current", "state/current/inside"]) {
    using folder = new Folder();
    folder.write(inTheWay, "no link");
    chmodSync(folder.at("state"), 0o700);
    const store = new RecordStore(folder.at("state"));
    assert.equal(store.newest(), null);
    store.publish(aRecord().id);
    saveNewest(store, aRecord());
    assert.equal(store.newest(), aRecord().id);
  }
});
