import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Refusal } from "../../src/core/refusal.ts";
import { RecordStore } from "../../src/host/store.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";

test("store: what was saved is read back, and is private", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.saveNewest(aRecord());
  assert.deepEqual(await store.read(aRecord().id), { kind: "record", record: aRecord() });
  assert.equal(store.newest(), aRecord().id);
  assert.equal(statSync(folder.at(`state/${aRecord().id}.json`)).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder.at("state")).toSorted(), [`${aRecord().id}.json`, "current"]);
});

test("store: undoing the first record leaves no trace", () => {
  using folder = new Folder();
  const undo = new RecordStore(folder.at("state")).saveNewest(aRecord());
  undo();
  assert.deepEqual(readdirSync(folder.path), []);
});

test("store: undoing a later record leaves the one before as the newest", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.saveNewest(aRecord());
  store.saveNewest(aRecord({ id: "20261122-220000-bbbb" }))();
  assert.equal(store.newest(), aRecord().id);
  assert.deepEqual(store.ids(), [aRecord().id]);
});

test("store: undone, it leaves the newest alone where that is a newer one by now", () => {
  for (const before of [[], [aRecord()]]) {
    using folder = new Folder();
    const store = new RecordStore(folder.at("state"));
    for (const record of before) store.saveNewest(record);
    const undo = store.saveNewest(aRecord({ id: "20261122-220000-bbbb" }));
    store.saveNewest(aRecord({ id: "20261122-220000-cccc" }));
    // A folder that it made and others use by now stays; the list of undos bears that.
    if (before.length === 0) assert.throws(undo, /ENOTEMPTY/);
    else undo();
    assert.equal(store.newest(), "20261122-220000-cccc");
  }
});

test("store: what a killed call has left is removed, and what one just writes is not", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.saveNewest(aRecord({ id: "20261122-220000-bbbb" }));
  const left = ["20261122-210000-aaaa.json.tmp", "current.20261122-210000-aaaa.json.tmp"];
  const fresh = ["20261122-230000-cccc.json.tmp", "current.20261122-230000-cccc.json.tmp"];
  for (const name of [...left, ...fresh]) folder.write(`state/${name}`, "half");
  store.prune([]);
  assert.deepEqual(
    readdirSync(folder.at("state")).toSorted(),
    [...fresh, "20261122-220000-bbbb.json", "current"].toSorted(),
  );
});

test("store: the newest comes first, also where the clock was set back", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  const ids = ["20261122-220000-bbbb", "20261122-230000-cccc", "20261122-210000-aaaa"];
  for (const id of ids) store.saveNewest(aRecord({ id }));
  const seen: string[] = [];
  for await (const { id } of store.newestFirst()) seen.push(id);
  assert.deepEqual(seen, ["20261122-210000-aaaa", "20261122-230000-cccc", "20261122-220000-bbbb"]);
});

const broken: [string, string, RegExp][] = [
  ["an empty file", "", /not JSON/],
  ["half a file", '{"schemaVersion": 1, "id"', /not JSON/],
  ["another shape", '{"schemaVersion": 1}', /id: /],
  ["a newer version", '{"schemaVersion": 2}', /written by a newer deploy-finalize/],
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

test("store: a folder that cannot be used is refused with what to do", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.write("file", ""));
  assert.throws(
    () => store.saveNewest(aRecord()),
    (error) => error instanceof Refusal && /--state-dir/.test(error.message),
  );
});

test("store: foreign files in the folder are no records", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.at("state"));
  store.saveNewest(aRecord());
  writeFileSync(folder.at("state/notes.json"), "{}");
  writeFileSync(folder.at(`state/${aRecord().id}.json.broken`), "{}");
  assert.deepEqual(store.ids(), [aRecord().id]);
});
