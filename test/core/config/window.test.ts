import assert from "node:assert/strict";
import { test } from "node:test";
import { lookFrom, windowAt } from "../../../src/core/config/reboot-config.ts";

const HOUR = { start: "02:00", duration: 3600 };
const at = (time: string): Date => new Date(`2026-11-28T${time}Z`);
const STARTS = [new Date("2026-11-27T02:00:00Z"), at("02:00:00"), new Date("2026-11-29T02:00:00Z")];

function state(time: string): string {
  const seen = windowAt(HOUR, at(time), STARTS);
  return seen.kind === "closed" ? `closed ${seen.opensAt.toISOString()}` : seen.kind;
}

test("window: opens with its start and is over with its last second", () => {
  assert.equal(state("01:59:59.999"), "closed 2026-11-28T02:00:00.000Z");
  assert.equal(state("02:00:00.000"), "open");
  assert.equal(state("02:59:59.999"), "open");
  assert.equal(state("03:00:00.000"), "closed 2026-11-29T02:00:00.000Z");
});

test("window: without a start that counts it is over", () => {
  assert.deepEqual(windowAt(HOUR, at("04:00:00"), STARTS.slice(0, 2)), { kind: "over" });
  assert.deepEqual(windowAt(HOUR, at("02:30:00"), []), { kind: "over" });
});

test("window: over midnight, and one that begins again before it is over", () => {
  const night = { start: "23:00", duration: 4 * 3600 };
  const before = new Date("2026-11-27T23:00:00Z");
  assert.deepEqual(windowAt(night, at("02:59:00"), [before]), {
    kind: "open",
    until: at("03:00:00"),
  });
  const overlapping = [before, new Date("2026-11-28T01:00:00Z")];
  assert.equal(windowAt(night, at("04:30:00"), overlapping).kind, "open");
});

test("window: starts are looked for from before the earliest that counts", () => {
  assert.ok(lookFrom(HOUR, at("02:30:00")) < at("01:30:00"));
});
