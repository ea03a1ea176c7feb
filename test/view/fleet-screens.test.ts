process.env["TZ"] = "Europe/Berlin";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { MEMBER_STATES } from "../../src/core/fleet/rollout.ts";
import {
  fleetHistorySchema,
  fleetSchema,
  type FleetHistoryJson,
  type FleetJson,
} from "../../src/json/fleet.ts";
import { bar, shares } from "../../src/view/fleet/bar.ts";
import { allHosts, courseOf, progressInWords } from "../../src/view/fleet/counts.ts";
import { FleetChanges } from "../../src/view/fleet/fleet-changes.ts";
import { PAST_ENDS } from "../../src/core/fleet/past-end.ts";
import { fleetHistoryScreen } from "../../src/view/fleet/fleet-history-screen.ts";
import { fleetScreen } from "../../src/view/fleet/fleet-screen.ts";
import { PLAIN, type Style, withoutColour } from "../../src/view/style.ts";
import { changeLine } from "../../src/view/headline.ts";
import { widthOf } from "../../src/view/text.ts";
import fc from "../support/fast-check.ts";
import { GROUPS, HISTORY } from "./fleet-samples.ts";
import { NOW } from "./samples.ts";

for (const [name, group] of Object.entries(GROUPS)) {
  test(`fleet: --json of ${name} is as its schema says`, () => {
    assert.deepEqual(v.parse(fleetSchema, group), group);
  });
}

function groupNamed(name: string) {
  const group = GROUPS[name];
  assert.ok(group !== undefined);
  return group;
}

function screenOf(name: string, shown: "all" | "notable" = "notable"): string {
  return fleetScreen(PLAIN, NOW, groupNamed(name), shown).join("\n");
}

test("fleet: a large group shows who is in trouble or in motion, and with --all everybody", () => {
  const short = screenOf("many");
  assert.match(short, /wave 0 {2}#+ {2}400 of 400 live\n/);
  assert.match(short, /\nx +1 {2}web1780 +failed/);
  assert.match(short, /and 19\d\d more hosts; to list all: --all/);
  assert.ok(short.split("\n").length < 60, short);
  const whole = screenOf("many", "all");
  for (const { host } of allHosts(groupNamed("many"))) assert.ok(whole.includes(` ${host} `), host);
});

test("fleet: hosts of one wave that wait for the same share a reason", () => {
  assert.equal(screenOf("goes-on").match(/waits for wave 1/g)?.length, 1);
});

test("fleet: how far a rollout is", () => {
  const said = Object.entries(GROUPS).map(([name, group]) => [name, courseOf(group)]);
  assert.deepEqual(Object.fromEntries(said), {
    none: "none",
    unknown: "unknown",
    "goes-on": "goes-on",
    halted: "halting",
    missing: "halting",
    "by-hand": "halting",
    complete: "complete",
    many: "goes-on",
    "many-waves": "goes-on",
  });
  assert.equal(progressInWords(groupNamed("goes-on")), "1 of 3 waves complete, 3 of 9 hosts live");
});

test("bar: as long as asked, and no host is hidden", () => {
  const parts = fc.array(fc.nat(3000), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 5, max: 40 }), (some, columns) => {
      const widths = shares(some, columns);
      const total = widths.reduce((sum, width) => sum + width, 0);
      assert.equal(total, some.every((part) => part === 0) ? 0 : columns);
      for (const [index, part] of some.entries()) {
        assert.equal((widths[index] ?? 0) > 0, part > 0, `${some.join()}: ${widths.join()}`);
      }
    }),
  );
});

test("bar: full only if every host is live", () => {
  const style: Style = { ...PLAIN, symbols: "unicode" };
  const [first] = groupNamed("many").waves ?? [];
  assert.ok(first !== undefined);
  assert.equal(bar(style, first.hosts, 20), "█".repeat(20));
  const [host] = first.hosts;
  assert.ok(host !== undefined);
  const slow = { ...host, done: null, state: "waiting" as const };
  assert.equal(bar(style, [...first.hosts, slow], 20), `${"█".repeat(19)}░`);
  const failed = { ...host, done: "failed" as const, state: "failed" as const };
  assert.equal(bar(style, [failed], 20), "✗".repeat(20));
});

test("fleet history: --json is as its schema says", () => {
  assert.deepEqual(v.parse(fleetHistorySchema, HISTORY), HISTORY);
});

test("fleet history: says how each rollout ended", () => {
  const [some] = HISTORY.past;
  assert.ok(some !== undefined);
  const ended = { ...some, halt: null, live: 49, members: 50 };
  const past = PAST_ENDS.map((end) => ({ ...ended, end }));
  const lines = fleetHistoryScreen(PLAIN, NOW, {
    ...HISTORY,
    past: [...past, { ...some, live: 9, members: 9, halt: null, end: "live" }],
  });
  const words = lines.slice(1).map((line) => line.trim().split(/ {2,}/).at(-1));
  assert.deepEqual(words, ["live", "failed", "halted", "replaced", "all live"]);
});

test("fleet history: says so if there is none", () => {
  const lines = fleetHistoryScreen(PLAIN, NOW, { ...HISTORY, past: [] });
  assert.match(lines.join(" "), /^no rollout of group web has been replaced/);
});

const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.constantFrom("\u001B[31mred\u001B[0m", "日本語".repeat(30), "a\r\nb\u2028c\u202Ed", ""),
);
const moments = fc.constantFrom(NOW.toISOString(), "2026-11-01T00:00:00Z", "no moment");
const rollouts = fc.record({
  seq: fc.nat(9),
  name: words,
  startedAt: moments,
  startedBy: words,
  halt: fc.option(
    fc.record({
      at: moments,
      by: words,
      why: words,
      kind: fc.constantFrom("failures" as const, "missing" as const, "operator" as const),
    }),
    { nil: null },
  ),
  resumed: fc.option(fc.record({ at: moments, by: words }), { nil: null }),
  failures: fc.array(
    fc.record({
      id: words,
      host: words,
      wave: fc.nat(9999),
      finalization: words,
      why: words,
      at: moments,
      isForgiven: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
});
const hosts = fc.record({
  id: words,
  host: words,
  isThisHost: fc.boolean(),
  state: fc.constantFrom(...MEMBER_STATES, "not-joined" as const),
  done: fc.constantFrom("live" as const, "failed" as const, "without" as const, null),
  since: fc.option(moments, { nil: null }),
  generation: fc.option(fc.nat(99_999), { nil: null }),
  finalization: fc.option(words, { nil: null }),
  why: fc.option(words, { nil: null }),
});
const groups: fc.Arbitrary<FleetJson> = fc.record({
  schemaVersion: fc.constant(1),
  group: words,
  server: fc.array(words, { maxLength: 2 }),
  rollout: fc.option(rollouts, { nil: null }),
  waves: fc.option(
    fc.array(
      fc.record({
        wave: fc.nat(9999),
        isComplete: fc.boolean(),
        live: fc.nat(9),
        hosts: fc.array(hosts, { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 20 },
    ),
    { nil: null },
  ),
  unknown: fc.option(words, { nil: null }),
});
const styles: fc.Arbitrary<Style> = fc.record({
  colour: fc.constantFrom("on" as const, "off" as const),
  symbols: fc.constantFrom("unicode" as const, "ascii" as const),
  width: fc.integer({ min: 60, max: 120 }),
});

/** A further line, an escape, or what turns a text round. */
// oxlint-disable-next-line no-control-regex -- they are what must not be there
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

function assertFits(lines: readonly string[], { width }: Style): void {
  for (const line of lines) {
    assert.ok(widthOf(line) <= width, `${widthOf(line)} columns in ${width}: ${line}`);
    assert.doesNotMatch(withoutColour(line), UNSAFE);
  }
}

test("any words of another host: no line is wider than the screen, and none steers the terminal", () => {
  const shown = fc.constantFrom("all" as const, "notable" as const);
  fc.assert(
    fc.property(groups, styles, shown, (group, style, which) => {
      assertFits(fleetScreen(style, NOW, group, which), style);
    }),
    { numRuns: 300 },
  );
});

test("any words of another host: the history, and the lines of --follow", () => {
  const end = fc.constantFrom(...PAST_ENDS);
  const ends = fc.record({ endedAt: moments, live: fc.nat(99), members: fc.nat(99), end });
  const past = fc.array(
    fc.tuple(rollouts, ends).map(([one, other]) => ({ ...one, ...other })),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(past, groups, groups, styles, (some, before, after, style) => {
      const history: FleetHistoryJson = { ...HISTORY, past: some };
      assertFits(fleetHistoryScreen(style, NOW, history), style);
      const changes = new FleetChanges();
      for (const { at, what, detail } of [before, after].flatMap((group) =>
        changes.since(group, NOW),
      )) {
        assert.doesNotMatch(changeLine(at, what, detail), UNSAFE);
      }
    }),
    { numRuns: 300 },
  );
});
