import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { APPLICATION_ID, holderId, readHolderId } from "../../src/lock/holder.ts";
import { Folder } from "../support/folder.ts";

const TOOL = "/usr/bin/systemd-id128";

test(
  "a host's name is what systemd makes of its machine id",
  { skip: existsSync(TOOL) ? false : "no systemd-id128" },
  () => {
    const machineId = readFileSync("/etc/machine-id", "utf8").trim();
    const words = ["machine-id", `--app-specific=${APPLICATION_ID}`];
    const said = execFileSync(TOOL, words, { encoding: "utf8" }).trim();
    assert.equal(holderId(machineId), said);
  },
);

test("hosts have different names, which do not tell the machine id", () => {
  const [one, other] = ["0".repeat(31) + "1", "0".repeat(31) + "2"].map(holderId);
  assert.notEqual(one, other);
  assert.match(one ?? "", /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});

test("a host without a machine id cannot be named: that is said", () => {
  using folder = new Folder();
  assert.throws(() => readHolderId(folder.at("machine-id")), /cannot name this host.*ENOENT/);
  const file = folder.write("machine-id", "uninitialized\n");
  assert.throws(() => readHolderId(file), /holds no machine id\. systemd-machine-id-setup/);
});
