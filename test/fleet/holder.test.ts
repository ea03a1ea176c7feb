import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { APPLICATION_ID, holderId, holderOf } from "../../src/fleet/holder.ts";
import { Folder } from "../support/folder.ts";

const TOOL = "/usr/bin/systemd-id128";

test(
  "a host's name is what systemd makes of its machine id",
  { skip: existsSync(TOOL) ? false : "no systemd-id128" },
  () => {
    const machineId = readFileSync("/etc/machine-id", "utf8").trim();
    const words = ["machine-id", `--app-specific=${APPLICATION_ID}`];
    const said = execFileSync(TOOL, words, { encoding: "utf8" }).trim();
    assert.equal(holderId(machineId, APPLICATION_ID), said);
  },
);

test("hosts have different names, which do not tell the machine id", () => {
  const ids = ["0".repeat(31) + "1", "0".repeat(31) + "2"];
  const [one, other] = ids.map((id) => holderId(id, APPLICATION_ID));
  assert.notEqual(one, other);
  assert.match(one ?? "", /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});

// From the tests of poseidon/fleetlock, which looks for the node of this id to drain it.
test("zincati is the name that Zincati gives to the host", () => {
  using folder = new Folder();
  const file = folder.write("machine-id", "1c09ca98649c4c7abc779cd04c96812e\n");
  assert.equal(holderOf({ id: "zincati" }, file), "978a225b3d7b40e9acd7ce9b62f68444");
});

test("a name that is configured needs no machine id", () => {
  using folder = new Folder();
  assert.equal(holderOf({ id: "web1.example.org" }, folder.at("machine-id")), "web1.example.org");
});

test("a host without a machine id cannot be named: that is said", () => {
  using folder = new Folder();
  for (const id of [null, "zincati"]) {
    assert.throws(() => holderOf({ id }, folder.at("machine-id")), /cannot name this host.*ENOENT/);
    const file = folder.write("empty", "uninitialized\n");
    assert.throws(
      () => holderOf({ id }, file),
      /holds no machine id\. Create one with systemd-machine-id-setup/,
    );
  }
});
