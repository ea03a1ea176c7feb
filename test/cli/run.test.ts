import assert from "node:assert/strict";
import { test } from "node:test";
import { aRecord } from "../support/records.ts";
import { OperatedHost } from "./operating.ts";

const FAILS = { exitCode: 1, cause: null, stdout: "", stderr: "no lock" };

test("run that can neither go on nor end says why, and is started again", async () => {
  using host = new OperatedHost();
  const { id } = host.save(aRecord({ configFile: "/nowhere/config.json" }));
  host.spawn = async (argv) => ({ argv, ...FAILS });
  const { exitCode, stderr } = await host.operate("run", id, "--quiet");
  assert.equal(exitCode, 75);
  assert.match(stderr, /cannot go on: .*nowhere\/config\.json.*; nor end: .*no lock/);
});
