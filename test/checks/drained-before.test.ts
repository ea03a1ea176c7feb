import assert from "node:assert/strict";
import { test } from "node:test";
import { type UnitsBefore, withDrained } from "../../src/checks/units-before.ts";

const ran = (unit: string): UnitsBefore["active"][number] => ({
  unit,
  startedAt: 7,
  seconds: 3,
  restarts: 0,
});

function unitsOf(active: readonly string[], idle: readonly string[] = []): UnitsBefore {
  return { bootId: "boot-1", active: active.map(ran), idle: [...idle], broken: [] };
}

test("a runner that was drained ran before the act, whatever its stop left behind", () => {
  const before = unitsOf(["web.service", "runner.service"]);
  const now = {
    failed: [{ unit: "runner.service", restarts: 0 }],
    units: unitsOf(["web.service"], ["runner.service", "idle.service"]),
  };
  const record = { stoppedRunners: ["runner.service"], unitsBefore: before };
  assert.deepEqual(withDrained(now, record), {
    failed: [],
    units: unitsOf(["web.service", "runner.service"], ["idle.service"]),
  });
});

test("another unit that ended during the drain did not run before the act", () => {
  const before = unitsOf(["gone.service", "runner.service"]);
  const now = { failed: [], units: unitsOf(["runner.service"]) };
  const record = { stoppedRunners: ["runner.service"], unitsBefore: before };
  assert.deepEqual(withDrained(now, record), now);
  assert.deepEqual(withDrained(now, { stoppedRunners: [], unitsBefore: before }), now);
});
