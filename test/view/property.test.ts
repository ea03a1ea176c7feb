import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { STATES } from "../../src/core/states.ts";
import { duration } from "../../src/core/age.ts";
import { historyScreen } from "../../src/view/history-screen.ts";
import { statusScreen, type StatusNow } from "../../src/view/status-screen.ts";
import { type Style, withoutColour } from "../../src/view/style.ts";
import { printable } from "../../src/core/printable.ts";
import { cut, cutMiddle, widthOf, wrap } from "../../src/view/text.ts";
import { aRecord } from "../support/records.ts";
import { slotOf } from "./samples.ts";

const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.constantFrom("\u001B[31mred\u001B[0m", "\u001B]0;title\u0007", "日本語".repeat(30), "a\r\nb"),
);
const moment = fc
  .date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const generation = fc.option(fc.nat(99_999), { nil: null });
const seconds = fc.double({ min: 0, max: 1e9, noNaN: true });
const state = fc.constantFrom(...STATES);
const path = words.map((text) => `/nix/store/${text}`);

const record: fc.Arbitrary<FinalizationRecord> = fc
  .record({
    target: path,
    targetGeneration: generation,
    previous: fc.option(path, { nil: null }),
    previousGeneration: generation,
    plan: fc.record({
      action: fc.constantFrom("switch" as const, "reboot" as const),
      reason: words,
      changed: fc.array(words),
    }),
    scheduledAt: moment,
    fireAt: moment,
    state,
    timeline: fc.array(fc.record({ at: moment, state, detail: words }), { maxLength: 28 }),
    waitedFor: fc.array(fc.record({ gate: words, why: words, seconds })),
    checks: fc.array(
      fc.record({
        name: words,
        kind: words,
        result: fc.constantFrom("passed" as const, "failed" as const),
        detail: words,
        seconds,
      }),
    ),
    oldCode: fc.oneof(
      fc.constant(null),
      fc.record({ kind: fc.constant("unknown" as const), why: words }),
      fc.record({
        kind: fc.constant("known" as const),
        units: fc.array(
          fc.record({ unit: words, why: words, processes: fc.nat(99), paths: fc.array(path) }),
          { maxLength: 20 },
        ),
        more: fc.nat(99),
      }),
    ),
    confirmBy: fc.option(moment, { nil: null }),
    outcome: fc.option(
      fc.record({
        reason: words,
        activationExitCode: fc.option(fc.nat(255), { nil: null }),
        activationTail: fc.array(words),
      }),
      { nil: null },
    ),
  })
  .map((changes) => aRecord(changes));

const style: fc.Arbitrary<Style> = fc.record({
  colour: fc.constantFrom("on" as const, "off" as const),
  symbols: fc.constantFrom("unicode" as const, "ascii" as const),
  width: fc.integer({ min: 60, max: 120 }),
});

const system = fc.record({
  toplevel: fc.option(path, { nil: null }),
  generation,
  version: fc.option(words, { nil: null }),
});

const status: fc.Arbitrary<StatusNow> = fc.record({
  now: moment.map((at) => new Date(at)),
  hostName: fc.constant("web1"),
  host: fc.record({
    booted: system,
    current: system,
    profile: system,
    rebootRequired: fc.option(words, { nil: null }),
    bootLoader: fc.record({
      name: fc.option(words, { nil: null }),
      byDefault: fc.option(path, { nil: null }),
      once: fc.option(path, { nil: null }),
      obstacle: fc.option(words, { nil: null }),
    }),
  }),
  fallback: fc.option(
    fc.record({
      wanted: fc.constantFrom("auto" as const, "require" as const, "off" as const),
      loader: fc.option(words, { nil: null }),
      comesBack: fc.constantFrom("by-itself" as const, "after-a-reset" as const, "no" as const),
      obstacle: fc.option(words, { nil: null }),
      waits: fc.option(words, { nil: null }),
      advice: fc.array(words),
    }),
    { nil: null },
  ),
  finalization: fc.record({
    kind: fc.constant("known" as const),
    now: moment.map((at) => new Date(at)),
    record,
    waiting: fc.option(
      fc.record({
        for: words,
        why: words,
        since: moment,
        until: fc.option(moment, { nil: null }),
        next: fc.constantFrom("give-up" as const, "proceed" as const, null),
      }),
      { nil: null },
    ),
    driver: fc.constantFrom(
      { kind: "process" } as const,
      { kind: "nobody" } as const,
      { kind: "unknown", why: "日本語 ".repeat(40) } as const,
      null,
    ),
    place: fc.constantFrom("newest" as const, "older" as const),
    rollback: fc.constantFrom("enabled" as const, "disabled" as const),
  }),
  slot: fc.oneof(
    fc.constant({ kind: "none" } as const),
    fc.record({ kind: fc.constant("unknown" as const), why: words }),
    words.map((keptBecause) => slotOf({ keptBecause })),
  ),
  user: fc.constantFrom("root" as const, "other" as const),
});

/** A line break, an escape of another kind, or a character that turns the text round. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;

function assertFits(drawn: readonly string[], { width }: Style): void {
  for (const line of drawn) {
    assert.ok(widthOf(line) <= width, `${widthOf(line)} columns in ${width}: ${line}`);
    assert.doesNotMatch(withoutColour(line), UNSAFE);
  }
}

test("status: no line is wider than the screen, and none steers the terminal", () => {
  fc.assert(
    fc.property(status, style, (seen, wanted) => {
      assertFits(statusScreen(wanted, seen), wanted);
    }),
  );
});

test("history: no line is wider than the screen, and none steers the terminal", () => {
  const entry = fc.oneof(
    record.map((one) => ({ kind: "record", record: one }) as const),
    words.map((why) => ({ kind: "broken", id: "20261122-213000-aaaa", why }) as const),
  );
  fc.assert(
    fc.property(fc.array(entry), style, moment, (entries, wanted, now) => {
      assertFits(historyScreen(wanted, new Date(now), entries), wanted);
    }),
  );
});

test("text: cut and wrapped lines fit, and what fits stays whole", () => {
  fc.assert(
    fc.property(words.map(printable), style, (text, wanted) => {
      for (const cutting of [cut, cutMiddle]) {
        const short = cutting(wanted, text, wanted.width);
        assert.ok(widthOf(short) <= wanted.width);
        if (widthOf(text) <= wanted.width) assert.equal(short, text);
      }
      assertFits(wrap(wanted, text, wanted.width), wanted);
    }),
  );
});

test("duration: two units at most, and never 60 of the smaller", () => {
  fc.assert(
    fc.property(seconds, (length) => {
      assert.match(
        duration(length),
        /^(\d(\.\d)?|[1-5]?\d) s$|^[1-5]?\d min( [1-5]?\d s)?$|^(1?\d|2[0-3]) h( [1-5]?\d min)?$|^\d+ d( (1?\d|2[0-3]) h)?$/,
      );
    }),
  );
});
