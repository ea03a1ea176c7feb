import assert from "node:assert/strict";
import { test } from "node:test";
import { minutes, table } from "./releases-table.ts";

test("check-systemd: one line for each release, in columns", () => {
  const counts = { passed: 186, failed: 0, skipped: 3, took: minutes(725.4) };
  const lines = table([
    { release: "bookworm", systemd: "252.39", nix: "2.8.0", ...counts },
    { release: "sid", systemd: "262", nix: "2.34.8", ...counts, failed: 12 },
  ]);
  assert.deepEqual(lines, [
    "release   systemd  nix     passed  failed  skipped  took",
    "bookworm  252.39   2.8.0   186     0       3        12 min 5 s",
    "sid       262      2.34.8  186     12      3        12 min 5 s",
  ]);
});
