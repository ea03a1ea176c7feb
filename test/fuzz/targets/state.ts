import assert from "node:assert/strict";
import * as v from "valibot";
import { stateEntry } from "../../../src/core/record/journal-entry.ts";
import { parseRecord } from "../../../src/core/record/parse-record.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { parsePart } from "../../../src/core/record/fleet/part.ts";
import { parseSlot } from "../../../src/core/record/slot.ts";
import { finalizationSchema, toFinalizationJson } from "../../../src/json/finalization.ts";
import { eventAt, eventSchema } from "../../../src/report/event.ts";
import { counted, metricsText, NO_TOTALS } from "../../../src/report/metrics-text.ts";
import { rolloutMetricsText } from "../../../src/report/fleet/rollout-metrics.ts";
import { parseTotals } from "../../../src/report/metrics.ts";
import {
  fileNameOf,
  newOwedReport,
  parseOwedReport,
  queueOf,
  textOf,
} from "../../../src/report/owed-report.ts";
import { isGateName } from "../../../src/core/gate-names.ts";
import { toActNow } from "../../../src/state-dir/texts.ts";
import { parseRolloutNote } from "../../../src/state-dir/rollout-note.ts";
import { parseTries } from "../../../src/state-dir/tries.ts";
import { parseWaitingNote } from "../../../src/state-dir/waiting-note.ts";
import { etcdConfig, fleetConfig, fleetLockConfig } from "../../fleet/configs.ts";
import { aNote, halted } from "../../report/fleet/views.ts";
import { aRun, ended, lastEvent, receiver } from "../../report/reports.ts";
import { aRecord } from "../../support/records.ts";
import type { Target } from "../target.ts";
import { assertLine, wellFormed } from "../well-formed.ts";

const RECORDS = [
  aRecord(),
  ended("live", { forgeRun: aRun(), confirmBy: "2026-11-22T21:41:00.000Z" }),
  ended("rolled-back", {
    failedBefore: [{ unit: "a.service", restarts: 2 }],
    unitsBefore: {
      bootId: "boot-1",
      active: [{ unit: "b.service", startedAt: 1, seconds: 2, restarts: 0 }],
      idle: ["c.service"],
      broken: [],
    },
    checks: [{ name: "units", kind: "units", result: "failed", detail: "b.service", seconds: 1.5 }],
    waitedFor: [{ gate: "session", seconds: 3.5, why: "login session 4 is open" }],
    oldCode: { kind: "known", units: [], more: 1 },
    userUnits: { failed: [{ user: "anna", unit: "x.service" }], unknown: [] },
  }),
];

const OWED = [
  newOwedReport(
    receiver({ kind: "slack", urlFile: "/run/s" }),
    lastEvent(ended("live")),
    "2026-11-22T21:31:12.500Z",
  ),
  newOwedReport(
    receiver({ kind: "gitea", url: "https://git.example.org", tokenFile: "/run/t" }),
    lastEvent(ended("failed", { forgeRun: aRun() })),
    "2026-11-22T21:31:12.500Z",
  ),
];

const PART = {
  schemaVersion: 1,
  finalization: "20261122-213000-aaaa",
  rollout: "aaaa1111",
  generation: 7,
  holder: "a1",
  lock: etcdConfig(["http://etcd.example:2379"]),
  fleet: fleetConfig({ wave: 2 }),
  answered: { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1000 },
  joined: { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1000 },
  seq: 7,
  withoutAnswer: 1.5,
  end: { kind: "failed", why: "web.service failed" },
  isTold: false,
};

const OWED_STATUS = {
  ...newOwedReport(
    receiver({ kind: "gitea", url: "https://git.example.org", tokenFile: "/run/t" }),
    { ...lastEvent(ended("live")), key: `${aRecord().id}.1795426272500.live.group` },
    "2026-11-22T21:31:12.500Z",
  ),
  rollout: { group: "web", seq: 7, name: "night" },
};

const COUNTS = { waves: 4, complete: 1, members: 50, live: 31 };

const SLOT = {
  schemaVersion: 1,
  finalization: aRecord().id,
  holder: "0123456789abcdef0123456789abcdef",
  attempt: 2,
  state: "held",
  askedAt: "2026-11-22T21:31:00.000Z",
  takenAt: "2026-11-22T21:31:01.000Z",
  lease: "7587862094117478159",
  lock: fleetLockConfig("https://lock.example.org"),
  keptBecause: null,
};

const NOTE = {
  for: "CI job",
  why: "gitea-runner.service runs a job",
  since: "2026-11-22T21:31:00.000Z",
  until: null,
  next: "give-up",
};

const MEASURED = {
  waitingFor: null,
  totals: NO_TOTALS,
  rebootRequired: null,
  lock: "free",
  reportsOwed: new Map(),
  reportsGivenUp: new Map(),
} as const;

/** A record that can be read can be shown and told in every form. */
function showRecord(record: FinalizationRecord): void {
  wellFormed(record);
  const json = toFinalizationJson(record);
  wellFormed(json);
  v.parse(finalizationSchema, json);
  for (const index of record.timeline.keys()) v.parse(eventSchema, eventAt(record, index));
  stateEntry(record);
  wellFormed(counted(NO_TOTALS, record));
  assert.doesNotMatch(metricsText({ ...MEASURED, newest: record }), / (NaN|-?Infinity)$/m);
}

export const STATE: readonly Target[] = [
  {
    file: "state-dir/rollout-note.ts",
    name: "parseRolloutNote",
    samples: [aNote({ counts: COUNTS }), aNote({ rollout: halted(), own: null })].map((note) =>
      JSON.stringify(note),
    ),
    parse: (text) => {
      const note = parseRolloutNote(text);
      if (note === null) return;
      wellFormed(note);
      assert.doesNotMatch(rolloutMetricsText(note), / (NaN|-?Infinity)$/m);
    },
  },
  {
    file: "state-dir/texts.ts",
    name: "toActNow",
    samples: ["anna on pts/3\nci-job\nfleet-lock", "root"],
    parse: (text) => {
      const { past } = toActNow(text) ?? { past: [text] };
      assert.ok(past.every(isGateName));
    },
  },
  {
    file: "core/record/parse-record.ts",
    name: "parseRecord",
    samples: RECORDS.map((record) => `${JSON.stringify(record, null, 2)}\n`),
    parse: (text) => {
      const read = parseRecord(text);
      if (read.kind === "record") showRecord(read.record);
      else if (read.kind === "broken") assertLine(read.why, 1000);
    },
  },
  {
    file: "report/owed-report.ts",
    name: "parseOwedReport",
    samples: [...OWED, OWED_STATUS].map(textOf),
    parse: (text) => {
      const read = parseOwedReport(text);
      if (read.kind === "broken") return assertLine(read.why, 1000);
      const { entry } = read;
      wellFormed(entry);
      // It stays below the outbox, and what is written is read again as the same.
      assert.match(fileNameOf(entry), /^[\w-][\w.-]{0,200}$/);
      assert.equal(typeof queueOf(entry), "string");
      for (const moment of [entry.order, entry.notBefore ?? entry.order]) {
        wellFormed(new Date(moment));
      }
      assert.deepEqual(parseOwedReport(textOf(entry)), read);
    },
  },
  {
    file: "report/metrics.ts",
    name: "parseTotals",
    samples: [
      JSON.stringify({
        outcomes: { live: 3, failed: 1 },
        rollbacks: 1,
        last: { id: aRecord().id, state: "live", at: "2026-11-22T21:31:12.500Z" },
        counted: [aRecord().id],
      }),
    ],
    parse: (text) => {
      const totals = parseTotals(text);
      wellFormed(totals);
      assert.doesNotMatch(
        metricsText({ ...MEASURED, newest: null, totals }),
        / (NaN|-?Infinity)$/m,
      );
    },
  },
  {
    file: "core/record/slot.ts",
    name: "parseSlot",
    samples: [JSON.stringify(SLOT)],
    parse: (text) => {
      const slot = parseSlot(text);
      wellFormed(slot);
      if (slot !== null) wellFormed(new Date(slot.askedAt));
    },
  },
  {
    file: "core/record/fleet/part.ts",
    name: "parsePart",
    samples: [JSON.stringify(PART)],
    parse: (text) => {
      const part = parsePart(text);
      wellFormed(part);
      if (part !== null) assert.equal(part.lock.backend, "etcd");
    },
  },
  {
    file: "state-dir/tries.ts",
    name: "parseTries",
    samples: ['{"bootId":"boot-1","since":12.5,"at":13.25,"tries":2}'],
    parse: (text) => {
      wellFormed(parseTries(text));
    },
  },
  {
    file: "state-dir/waiting-note.ts",
    name: "parseWaitingNote",
    samples: [JSON.stringify(NOTE)],
    parse: (text) => {
      const note = parseWaitingNote(text);
      if (note !== null) wellFormed([new Date(note.since), new Date(note.until ?? note.since)]);
    },
  },
];
