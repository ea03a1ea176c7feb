import assert from "node:assert/strict";
import { test } from "node:test";
import { deliverSchema, resumeSchema, runSchema } from "../../src/json/commands.ts";
import { ended } from "../report/reports.ts";
import { OperatedHost, parseJson } from "./operating.ts";

test("run --json: the finalization as it is at the end, and the exit code", async () => {
  using host = new OperatedHost();
  const { id } = host.save(ended("rolled-back"));
  const { stdout, exitCode } = await host.operate("run", id, "--json");
  const json = parseJson(runSchema, stdout);
  assert.deepEqual(
    [json.exitCode, json.finalization?.id, json.finalization?.state],
    [exitCode, id, "rolled-back"],
  );
});

test("resume --json: what continues, and what could not be done", async () => {
  using host = new OperatedHost();
  const { id } = host.save();
  host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "");
  host.folder.write("state/outbox", "no folder");
  const json = parseJson(resumeSchema, (await host.operate("resume", "--json")).stdout);
  assert.deepEqual([json.continued, json.lost], [[id], []]);
  assert.match(json.problems.join(), /cannot continue the reports/);
});

test("deliver --json: how many reports waited", async () => {
  using host = new OperatedHost();
  host.save(ended("live"));
  const { stdout } = await host.operate("deliver", "--json");
  assert.deepEqual(parseJson(deliverSchema, stdout), { schemaVersion: 1, before: 0, left: 0 });
});
