import assert from "node:assert/strict";
import { test } from "node:test";
import { awaitConfirmation } from "../../src/finalize/verify.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { Folder } from "../support/folder.ts";

const ID = "20261122-213000-k3f9";
const A_YEAR_MS = 365 * 24 * 3600 * 1000;

test("a confirmation is waited for longer than Node's timers can be set", async () => {
  using folder = new Folder();
  const store = new RecordStore(folder.path);
  const stop = new AbortController();
  let ended = "no";
  const time = { leftMs: () => A_YEAR_MS };
  const waiting = awaitConfirmation(store, ID, time, stop.signal).then(() => (ended = "yes"));
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  assert.equal(ended, "no", "it ended before anybody confirmed");
  store.request(ID, "confirm", "somebody");
  await waiting;
  stop.abort();
});
