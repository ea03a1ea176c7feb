import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { jsonLine } from "../../src/core/printable.ts";
import { formatEntry, stateEntry } from "../../src/core/record/journal-entry.ts";
import type { LockJson } from "../../src/json/lock.ts";
import { toFinalizationJson } from "../../src/json/finalization.ts";
import { eventAt } from "../../src/report/event.ts";
import { metricsText } from "../../src/report/metrics-text.ts";
import { titleOf } from "../../src/report/words.ts";
import { noticeOf } from "../../src/state-dir/notice.ts";
import { changeLine, headline } from "../../src/view/headline.ts";
import { lockScreen } from "../../src/view/lock-screen.ts";
import { setUpScreen } from "../../src/view/set-up/screen.ts";
import { type Style, withoutColour } from "../../src/view/style.ts";
import { aRecord } from "../support/records.ts";

// What other users, servers and programs say, through what property.test.ts and foreign-text.test.ts do
// not show: the other screens, --json, the metrics, the notice, the journal and the reports.

const RUNS = 300;
const NOW = new Date("2026-11-22T21:31:00Z");
const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.constantFrom(
    "\u009B31mred",
    "a\r\nb\u2028c\u202Ed",
    'x"} 1\ndeploy_finalize_info 2',
    "\u007F\u0000",
  ),
);
const style: fc.Arbitrary<Style> = fc.record({
  colour: fc.constantFrom("on" as const, "off" as const),
  symbols: fc.constantFrom("unicode" as const, "ascii" as const),
  width: fc.integer({ min: 60, max: 120 }),
});
/** A further line, an escape, or what turns a text round. */
// oxlint-disable-next-line no-control-regex -- they are what must not be there
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

function assertSafe(lines: readonly string[]): void {
  for (const line of lines) assert.doesNotMatch(withoutColour(line), UNSAFE);
}

const record = fc
  .record({
    state: fc.constantFrom("waiting", "switching", "live", "rolled-back", "failed" as const),
    host: words,
    target: words.map((text) => `/nix/store/${text}`),
    revision: fc.option(words, { nil: null }),
    plan: fc.record({
      action: fc.constantFrom("switch" as const, "reboot" as const),
      reason: words,
      changed: fc.array(words, { maxLength: 3 }),
    }),
    checks: fc.array(
      fc.record({
        name: words,
        kind: words,
        result: fc.constant("failed" as const),
        detail: words,
        seconds: fc.nat(9),
      }),
      { maxLength: 2 },
    ),
    reason: words,
    rebootRequired: fc.option(words, { nil: null }),
  })
  .map(({ reason, ...changes }) =>
    aRecord({
      ...changes,
      timeline: [{ at: NOW.toISOString(), state: changes.state, detail: reason }],
      outcome: { reason, activationExitCode: null, activationTail: [reason] },
    }),
  );

test("any words: the screens of the fleet lock and of the set-up", () => {
  const lock: fc.Arbitrary<LockJson> = fc.record({
    schemaVersion: fc.constant(1),
    backend: fc.constantFrom("fleetlock" as const, "etcd" as const),
    group: words,
    server: fc.array(words, { maxLength: 2 }),
    id: words,
    own: fc.option(
      fc.record({
        group: words,
        state: fc.constantFrom("asked" as const, "held" as const),
        finalization: words,
        askedAt: fc.constant(NOW.toISOString()),
        takenAt: fc.constant(null),
        keptBecause: fc.option(words, { nil: null }),
      }),
      { nil: null },
    ),
    slots: fc.option(fc.nat(9), { nil: null }),
    holders: fc.option(
      fc.array(
        fc.record({
          slot: fc.nat(9),
          id: words,
          host: words,
          finalization: words,
          takenAt: fc.constantFrom("", NOW.toISOString()),
          isThisHost: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      { nil: null },
    ),
    unknown: fc.option(words, { nil: null }),
    released: fc.option(words, { nil: null }),
  });
  const part = fc.record({
    name: words,
    works: fc.boolean(),
    said: words,
    advice: fc.option(words, { nil: null }),
  });
  fc.assert(
    fc.property(lock, fc.array(part, { maxLength: 3 }), style, (seen, parts, wanted) => {
      assertSafe(lockScreen(wanted, NOW, seen));
      assertSafe(setUpScreen(wanted, { schemaVersion: 1, works: false, parts }));
    }),
    { numRuns: RUNS },
  );
});

test("any words: the line of a state, of a change and of a notice", () => {
  const note = fc.record({
    for: words,
    why: words,
    since: fc.constant(NOW.toISOString()),
    until: fc.constant(null),
    next: fc.constant(null),
  });
  fc.assert(
    fc.property(record, fc.option(note, { nil: null }), words, (one, waiting, what) => {
      assertSafe([headline(one, { now: NOW, waiting }), changeLine(NOW.toISOString(), what, what)]);
      const notice = noticeOf(one, "boot-1");
      assert.ok(notice === null || /^deploy-finalize: [^\n]*\n {2}See: [^\n]*\n$/.test(notice));
      assertSafe((notice ?? "").split("\n"));
    }),
    { numRuns: RUNS },
  );
});

test("any words: --json is one line that steers no terminal, and holds what was said", () => {
  fc.assert(
    fc.property(record, fc.array(words), (one, texts) => {
      for (const value of [toFinalizationJson(one), { texts }]) {
        const line = jsonLine(value);
        assertSafe([line]);
        assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(value)));
      }
    }),
    { numRuns: RUNS },
  );
});

test("any words: each line of the metrics is a sample or a comment of ours", () => {
  const ours = /^(?:# (?:HELP|TYPE) deploy_finalize_\w+ .*|deploy_finalize_\w+(?:\{.*\})? \S+)$/;
  fc.assert(
    fc.property(record, words, (one, name) => {
      const text = metricsText({
        newest: one,
        waitingFor: name,
        totals: { outcomes: { [name]: 1 }, rollbacks: 0, last: null },
        rebootRequired: null,
        lock: "free",
        reportsOwed: new Map([[name, 1]]),
        reportsGivenUp: new Map(),
      });
      assert.ok(text.endsWith("\n"));
      for (const line of text.split("\n").slice(0, -1)) {
        assert.match(line, ours);
        assertSafe([line]);
      }
    }),
    { numRuns: RUNS },
  );
});

test("any words: an entry of the journal has our fields and no others", () => {
  fc.assert(
    fc.property(record, (one) => {
      for (const line of formatEntry(stateEntry(one)).trimEnd().split("\n")) {
        assert.match(
          line,
          /^(?:MESSAGE|MESSAGE_ID|PRIORITY|SYSLOG_IDENTIFIER|OBJECT_SYSTEMD_UNIT|DEPLOY_FINALIZE_\w+)=/,
        );
        assertSafe([line]);
      }
    }),
    { numRuns: RUNS },
  );
});

test("any words: what a report says to people is one printable line each", () => {
  fc.assert(
    fc.property(record, (one) => {
      const event = eventAt(one, 0);
      const { summary, reason, failedChecks } = event;
      const checks = failedChecks.flatMap(({ name, detail }) => [name, detail]);
      assertSafe([titleOf(event), event.host, summary, reason, ...checks]);
    }),
    { numRuns: RUNS },
  );
});
