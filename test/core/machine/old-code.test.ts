import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../../src/core/machine/machine.ts";
import type { Effect, Event, Facts } from "../../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { effectOf } from "../../support/effects.ts";
import { aRecord, FACTS, POLICY, PREVIOUS, TARGET } from "../../support/records.ts";

const OLD_CODE: NonNullable<FinalizationRecord["oldCode"]> = {
  kind: "known",
  units: [{ unit: "held.service", why: "restartIfChanged = false", processes: 1, paths: [] }],
  more: 0,
};

function verified(
  changes: Partial<FinalizationRecord>,
  oldCode: FinalizationRecord["oldCode"],
  facts: Partial<Facts>,
): FinalizationRecord {
  const record = aRecord(changes);
  const during = record.state === "rolling-back" ? "verify-rollback" : "verify";
  return next(record, during, { kind: "verified", checks: [], oldCode }, facts);
}

function next(
  record: FinalizationRecord,
  during: Effect["kind"],
  event: Event,
  facts: Partial<Facts>,
): FinalizationRecord {
  const now = new Date("2026-11-22T21:31:00Z");
  const seen = {
    now,
    policy: POLICY,
    facts: { ...FACTS, ...facts },
    during: effectOf(during),
    event,
  };
  return advance(record, seen).record;
}

test("a record that says live or rolled-back has what still runs old code", () => {
  const live = verified({ state: "verifying" }, OLD_CODE, { current: TARGET });
  assert.deepEqual([live.state, live.oldCode], ["live", OLD_CODE]);
  const verifiedBack = verified({ state: "rolling-back" }, OLD_CODE, { current: PREVIOUS });
  const back = next(
    verifiedBack,
    "restore-defaults",
    { kind: "defaults-restored", problems: [] },
    { current: PREVIOUS },
  );
  assert.deepEqual([back.state, back.oldCode], ["rolled-back", OLD_CODE]);
});

test("what is unknown about old code changes no outcome", () => {
  const oldCode = { kind: "unknown", why: "it took longer than 5 s" } as const;
  const live = verified({ state: "verifying" }, oldCode, { current: TARGET });
  assert.deepEqual([live.state, live.oldCode], ["live", oldCode]);
});

test("what was examined of a target does not stay in the record of its rollback", () => {
  const back = verified({ state: "verifying" }, OLD_CODE, { current: PREVIOUS });
  assert.deepEqual([back.state, back.oldCode], ["rolling-back", null]);
});
