import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const node = process.execPath;

test("a fault before each call of a plan does no harm", () => {
  const file = join(import.meta.dirname, "walk-faults.ts");
  const { stdout, status } = spawnSync(node, [file], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
  const lines = stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.filter((line) => !/: [1-9]\d* times, nothing is wrong$/.test(line)),
    [],
  );
});
