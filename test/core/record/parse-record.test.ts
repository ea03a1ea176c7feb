import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecord } from "../../../src/core/record/parse-record.ts";
import { aRecord } from "../../support/records.ts";

test("a wait of less than no time, which a clock that was set back has left, took none", () => {
  const waitedFor = [{ gate: "CI job", seconds: -3600, why: "a job runs" }];
  const read = parseRecord(JSON.stringify({ ...aRecord(), waitedFor }));
  assert.ok(read.kind === "record");
  assert.equal(read.record.waitedFor[0]?.seconds, 0);
});
