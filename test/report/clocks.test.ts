import assert from "node:assert/strict";
import { test } from "node:test";
import { readClock } from "../../src/host/process/clock.ts";
import { DeliveryQueues } from "../../src/report/delivery-queues.ts";
import { eventAt } from "../../src/report/event.ts";
import { askedLeft, inOrder, newOwedReport, owedLeft } from "../../src/report/owed-report.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { receiver, scheduled } from "./reports.ts";

const DAY = 86_400;
const HOUR_MS = 3_600_000;

/** A report that is owed since now, to a receiver that wants no try for a minute. */
function owedOn(host: EdgeHost) {
  const record = scheduled();
  const hook = receiver({ kind: "webhook", url: "https://x" });
  const clock = readClock(host);
  const notBefore = new Date(host.time + 60_000).toISOString();
  const report = newOwedReport(hook, eventAt(record, 0), record.scheduledAt);
  return { ...report, owedAt: clock, askedAt: clock, notBefore };
}

function aHost(): EdgeHost {
  const host = new EdgeHost();
  host.boots(1000);
  host.passes(0);
  return host;
}

for (const step of [HOUR_MS, -HOUR_MS, 9000 * HOUR_MS, -9000 * HOUR_MS]) {
  test(`the clock is set by ${step / HOUR_MS} h: no report is given up for it, or kept back`, () => {
    using host = aHost();
    const entry = owedOn(host);
    host.passes(20_000);
    host.time += step;
    const now = readClock(host);
    assert.equal(owedLeft(entry, DAY, now), DAY - 20);
    assert.equal(askedLeft(entry, now), 40);
    const queues = new DeliveryQueues(host, { first: 30, most: 30 }, () => 0);
    const free = { ...entry, notBefore: null };
    assert.equal(queues.leftMs([free]), 0);
    assert.equal(Math.round(queues.failed(free)), 15_000);
    host.time -= step;
    assert.equal(Math.round(queues.leftMs([free])), 15_000);
    host.passes(15_001);
    assert.ok(queues.leftMs([free]) <= 0);
    assert.equal(Math.round(queues.leftMs([entry]) / 1000), 25);
  });
}

test("a clock that is set back between two finalizations leaves the last word to the newer one", () => {
  const hook = receiver({ kind: "webhook", url: "https://x" });
  const owed = (id: string, order: string) =>
    newOwedReport(hook, eventAt(scheduled({ id }), 0), order);
  // As `schedule` gives them: the second one is newer than the first, whatever the clock says.
  const failed = owed("20270301-120000-aaaa", "2027-03-01T12:00:00.000Z");
  const live = owed("20270301-120000-bbbb", "2026-11-22T21:30:00.000Z");
  assert.deepEqual([live, failed].toSorted(inOrder), [failed, live]);
});
