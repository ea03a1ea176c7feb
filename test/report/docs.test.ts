import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { receiverSchema } from "../../src/core/config/report-config.ts";
import { parseConfig } from "../../src/core/config/parse-config.ts";
import { rolloutMetricsText } from "../../src/report/fleet/rollout-metrics.ts";
import { metricsText, NO_TOTALS } from "../../src/report/metrics-text.ts";
import { STATES } from "../../src/core/states.ts";
import { eventSchema } from "../../src/report/event.ts";
import { aNote } from "./fleet/views.ts";
import { ended } from "./reports.ts";

const reports = readFileSync(new URL("../../docs/reports.md", import.meta.url), "utf8");
const monitoring = readFileSync(new URL("../../docs/monitoring.md", import.meta.url), "utf8");
const blocks = [...reports.matchAll(/```json\n(.*?)```/gs)].map(([, json = ""]) => json);

/** The names in backticks of the first column of tables. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

function section(title: string, page = reports): string {
  return page.split(/^## /m).find((text) => text.startsWith(title)) ?? "";
}

test("docs/reports.md: the example of a configuration is accepted", () => {
  assert.equal(parseConfig(blocks[0] ?? "", "the example").report.receivers.length, 2);
});

test("docs/reports.md: the example of an event has every key, and no other", () => {
  const example: unknown = JSON.parse(blocks[1] ?? "");
  assert.ok(v.is(eventSchema, example));
  assert.deepEqual(Object.keys(example), Object.keys(eventSchema.entries));
});

test("docs/reports.md has every kind of receiver with all of its keys", () => {
  const text = section("Receivers");
  const known = firstColumn(text);
  const common = new Set(["kind", "name", "events", "caFile"]);
  for (const { entries } of receiverSchema.options) {
    const kind = entries.kind.literal;
    assert.ok(known.includes(kind), kind);
    const row =
      text.split("\n").find((line) => line.includes(`\`${kind}\``) && line.startsWith("|")) ?? "";
    for (const key of Object.keys(entries)) {
      if (!common.has(key)) assert.ok(row.includes(`\`${key}\``), `${kind}: ${key}`);
    }
  }
});

test("docs/reports.md says what status each state is", () => {
  const known = firstColumn(section("Commit statuses"));
  assert.deepEqual(known.toSorted(), [...STATES].toSorted());
});

test("docs/monitoring.md has every metric, and no other", () => {
  const text = metricsText({
    newest: {
      ...ended("live"),
      // What waits for its confirmation has a time until which it does so.
      state: "verifying",
      confirmBy: ended("live").scheduledAt,
      oldCode: { kind: "known", units: [], more: 0 },
      userUnits: { failed: [], unknown: [] },
      hooks: [{ name: "node", stage: "over", after: null, timeout: 60, problems: [] }],
    },
    waitingFor: "x",
    totals: { ...NO_TOTALS, last: { id: "x", state: "live", at: ended("live").scheduledAt } },
    rebootRequired: false,
    lock: "free",
    reportsOwed: new Map([["x", 0]]),
    reportsGivenUp: new Map([["x", 0]]),
  });
  const counts = { waves: 4, complete: 1, members: 50, live: 31 };
  const all = `${text}${rolloutMetricsText(aNote({ counts, countedAt: ended("live").scheduledAt }))}`;
  const metrics = [...all.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(firstColumn(section("The metrics", monitoring)), metrics);
});

test("docs/monitoring.md has every alert, and no other", () => {
  const rules = readFileSync(
    new URL("../../contrib/prometheus/deploy-finalize.rules.yml", import.meta.url),
    "utf8",
  );
  const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(firstColumn(section("On the Prometheus server", monitoring)), alerts);
});
