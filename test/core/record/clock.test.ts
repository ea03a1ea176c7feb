import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import {
  CLOCK_UNSURE,
  type ClockReading,
  later,
  readingAt,
  secondsLeft,
} from "../../../src/core/record/clock.ts";

const AT = "2026-11-22T21:30:00.000Z";
const HOUR = 3600;
const began: ClockReading = { at: AT, bootId: "boot-1", uptime: 500 };

/** So many seconds later, with the wall clock wrong by so many. */
function reading(bootId: string, uptime: number | null, passed: number, wrong = 0): ClockReading {
  return { ...later(readingAt(AT), passed + wrong), bootId, uptime };
}

const anySpan = fc.integer({ min: 0, max: 100 * HOUR });
const wrong = fc.integer({ min: -40 * 365 * 24 * HOUR, max: 40 * 365 * 24 * HOUR });

test("time left: in the same boot no wall clock changes it", () => {
  fc.assert(
    fc.property(anySpan, anySpan, wrong, (limit, passed, off) => {
      const now = reading("boot-1", 500 + passed, passed, off);
      assert.equal(secondsLeft(limit, began, now), limit - passed);
    }),
  );
});

test("time left: after a boot a wrong clock neither ends it early nor makes it last", () => {
  fc.assert(
    fc.property(anySpan, anySpan, wrong, (limit, up, off) => {
      const left = secondsLeft(limit, began, reading("boot-2", up, up, off));
      assert.ok(left <= limit - up, "never longer than the whole limit from the boot");
      assert.ok(left >= Math.min(limit, CLOCK_UNSURE) - up, "not over before the clock is set");
    }),
  );
});

test("time left: after a boot a right clock counts, also the time in which the host was off", () => {
  const now = reading("boot-2", 60, 1000);
  assert.equal(secondsLeft(2 * HOUR, began, now), 2 * HOUR - 1000);
});

test("time left: without an uptime the clock counts, and a clock set back does not lengthen it", () => {
  const old = readingAt(AT);
  assert.equal(secondsLeft(HOUR, old, reading("boot-1", 9000, 600)), HOUR - 600);
  assert.equal(secondsLeft(HOUR, old, reading("boot-1", 9000, 600, -2 * HOUR)), HOUR);
  assert.equal(secondsLeft(HOUR, began, reading("boot-1", null, 600)), HOUR - 600);
});
