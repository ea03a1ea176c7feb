import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../../src/core/config/config.ts";
import { parseConfig } from "../../../src/core/config/parse-config.ts";
import { lookFrom, staggered, windowAt } from "../../../src/core/config/windows/window-config.ts";

const HOUR = { start: "02:00", duration: 3600, offset: 0 };
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
  const night = { start: "23:00", duration: 4 * 3600, offset: 0 };
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

const config = (text: string): Config => parseConfig(text, "c.json");

test("window: one and a list of one mean the same", () => {
  const one = { start: "Sat 02:00", duration: "3h" };
  const windows = [one, [one]].map((window) =>
    config(JSON.stringify({ reboot: { window }, switch: { window } })),
  );
  const expected = [{ start: "Sat 02:00", duration: 3 * 3600 }];
  for (const { reboot, switch: switches } of windows) {
    assert.deepEqual([reboot.window, switches.window], [expected, expected]);
  }
});

test("window: the offset of a host delays its opening, and not its end", () => {
  const [late] = staggered([{ start: "02:00", duration: 3600 }], 1800, 0.5);
  assert.ok(late !== undefined);
  assert.equal(late.offset, 900);
  const opensAt = at("02:15:00");
  assert.deepEqual(windowAt(late, at("02:14:59"), STARTS), { kind: "closed", opensAt });
  assert.deepEqual(windowAt(late, opensAt, STARTS), { kind: "open", until: at("03:00:00") });
  assert.equal(windowAt(late, at("03:00:00"), STARTS).kind, "closed");
});

test("window: half of it remains, whatever the offset is", () => {
  const offsets = [0, 0.25, 0.999].map(
    (fraction) => staggered([{ start: "02:00", duration: 600 }], 86_400, fraction)[0]?.offset,
  );
  assert.deepEqual(offsets, [0, 75, 299]);
});

for (const [text, why] of [
  ['{"stagger": "1h", "reboot": {"window": {"start": "Sat", "duration": "1h"}}}', /Sat is open/],
  [
    '{"stagger": "30min", "switch": {"window": [{"start": "Sat", "duration": "1h"}, {"start": "Sun", "duration": 60}]}}',
    /stagger: must be shorter than each window, but Sun is open for 60 s only/,
  ],
] as const) {
  test(`window: a stagger that is no shorter is refused: ${text}`, () => {
    assert.throws(() => config(text), why);
  });
}

for (const act of ["reboot", "switch"]) {
  test(`window: hours without their unit are refused: ${act}`, () => {
    assert.throws(
      () => config(`{"${act}": {"window": {"start": "Sat 02:00", "duration": 3}}}`),
      new RegExp(
        `${act}\\.window: must be open for 60 or more seconds, but Sat 02:00 is open for 3 s only\\. .*such as 3h$`,
      ),
    );
  });
}

test("window: a stagger without a window, as of a whole fleet, is taken", () => {
  assert.equal(config('{"stagger": "30min"}').stagger, 1800);
});
