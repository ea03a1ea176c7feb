import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { ID_PATTERN, newId, newIdAfter } from "../../src/core/record/id.ts";
import { nearest } from "../../src/core/nearest.ts";
import { parseSpan } from "../../src/core/span.ts";

const spans: [string, number | null][] = [
  ["0", 0],
  ["90", 90],
  ["90s", 90],
  ["5min", 300],
  ["1h 30min", 5400],
  ["1h30m", 5400],
  [" 2 hours ", 7200],
  ["1d", 86_400],
  ["1w 2 days", 777_600],
  ["1500msec 500ms", 2],
  ["500ms", null],
  ["367d", null],
  ["", null],
  ["x", null],
  ["-1", null],
  ["1.5", null],
  ["1e3", null],
  ["5 parsecs", null],
  ["10constructor", null],
  ["99999999999999999999", null],
];
for (const [text, expected] of spans) {
  test(`span: ${JSON.stringify(text)}`, () => {
    assert.equal(parseSpan(text), expected);
  });
}

test("id: names the moment in UTC and fits its own pattern", () => {
  const id = newId(new Date("2026-11-22T21:30:05.123Z"), () => 0.999);
  assert.equal(id, "20261122-213005-3fzy");
  assert.match(id, ID_PATTERN);
});

test("id: sorts by the millisecond", () => {
  const moments = [0, 1, 35, 36, 999].map((ms) => new Date(Date.UTC(2026, 10, 22) + ms));
  const ids = moments.map((now, index) => newId(now, () => 0.9 - index / 10));
  assert.deepEqual(ids, ids.toSorted());
});

const moment = fc.date({
  min: new Date("2000-01-01"),
  max: new Date("2100-01-01"),
  noInvalidDate: true,
});

test("an ID sorts after the one before it, also if the clock was set back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(moment, fc.double({ min: 0, max: 0.999, noNaN: true }))),
      (calls) => {
        const ids: string[] = [];
        for (const [now, chance] of calls)
          ids.push(newIdAfter(ids.at(-1) ?? null, now, () => chance));
        for (const id of ids) assert.match(id, ID_PATTERN);
        assert.deepEqual(ids.toSorted(), ids);
        assert.equal(new Set(ids).size, ids.length);
      },
    ),
  );
});

test("nearest: finds what was meant, and nothing where nothing is near", () => {
  const known = ["delay", "profile", "stateDir", "rebootWhenChanged"];
  assert.equal(nearest("dealy", known), "delay");
  assert.equal(nearest("statedir", known), "stateDir");
  assert.equal(nearest("rebootWhenChange", known), "rebootWhenChanged");
  assert.equal(nearest("colour", known), null);
});
