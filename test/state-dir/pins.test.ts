import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { pathsUnder } from "../../src/host/files/paths.ts";
import { pin, pinnedIds, unpin } from "../../src/state-dir/pins.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";

test("pins: the second pin is enough to find what a killed clean-up has left", () => {
  using folder = new Folder();
  folder.write("nix/var/nix/gcroots/.keep", "");
  const paths = pathsUnder(folder.path);
  const { id } = aRecord();
  pin(paths, aRecord());
  assert.deepEqual(pinnedIds(paths), [id], "one finalization with two pins");
  rmSync(`${paths.pins}/${id}-target`);
  assert.deepEqual(pinnedIds(paths), [id]);
  unpin(paths, id);
  assert.deepEqual(readdirSync(paths.pins), []);
});
