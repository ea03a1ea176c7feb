import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import { eventEntry, formatEntry, stateEntry } from "../../../src/core/record/journal-entry.ts";
import { end, enter } from "../../../src/core/record/record.ts";
import { aRecord, PREVIOUS, TARGET } from "../../support/records.ts";

const now = new Date("2026-11-22T21:31:00Z");

test("an entry tells the state, the systems and the outcome in fields", () => {
  const waiting = enter(aRecord(), "waiting", now, "until all gates are open");
  const { fields, units } = stateEntry(end(waiting, "failed", now, { reason: "gave up" }));
  assert.deepEqual(units, [`deploy-finalize-${waiting.id}.service`]);
  const { MESSAGE_ID: messageId, ...others } = fields;
  assert.match(messageId ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(others, {
    MESSAGE: "failed: gave up",
    PRIORITY: "3",
    SYSLOG_IDENTIFIER: "deploy-finalize",
    DEPLOY_FINALIZE_ID: waiting.id,
    DEPLOY_FINALIZE_EVENT: "failed",
    DEPLOY_FINALIZE_STATE: "failed",
    DEPLOY_FINALIZE_ACTION: "switch",
    DEPLOY_FINALIZE_TARGET: TARGET,
    DEPLOY_FINALIZE_PREVIOUS: PREVIOUS,
    DEPLOY_FINALIZE_OUTCOME: "failed",
    DEPLOY_FINALIZE_REASON: "gave up",
  });
});

test("an entry of a state that is no end has no outcome; a field without a value is left out", () => {
  const { fields } = stateEntry(aRecord({ previous: null }));
  const absent = ["OUTCOME", "REASON", "PREVIOUS", "ROLLBACK_OF"].map(
    (f) => `DEPLOY_FINALIZE_${f}`,
  );
  assert.deepEqual(
    absent.filter((name) => name in fields),
    [],
  );
});

test("priorities: a failure is an error, a rollback a warning, the rest is neither", () => {
  const states = ["failed", "rolled-back", "live", "scheduled", "waiting"] as const;
  const entries = states.map((state) => stateEntry(aRecord({ state })));
  assert.deepEqual(
    entries.map(({ fields }) => fields["PRIORITY"]),
    ["3", "4", "5", "5", "6"],
  );
});

test("a finalization that waits for a confirmation is an event of its own", () => {
  const record = aRecord({ state: "verifying", confirmBy: "2026-11-22T21:40:00.000Z" });
  assert.equal(stateEntry(record).fields["DEPLOY_FINALIZE_EVENT"], "confirmation-wanted");
});

test("that one is taken up belongs to the resume unit's lines too", () => {
  const text = formatEntry(eventEntry("taken-up", "20261122-213000-aaaa", "takes up"));
  const about = [...text.matchAll(/^OBJECT_SYSTEMD_UNIT=(.*)$/gm)].map(([, unit]) => unit);
  assert.deepEqual(about, [
    "deploy-finalize-20261122-213000-aaaa.service",
    "deploy-finalize-resume.service",
  ]);
});

test("no text can forge a field, end the entry, or carry a control character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (message, own) => {
      const entry = eventEntry("held-up", "20261122-213000-aaaa", `a${message}`, { OWN: own });
      const text = formatEntry(entry);
      const lines = text.split("\n").slice(0, -1);
      const names = lines.map((line) => line.slice(0, line.indexOf("=")));
      assert.deepEqual(names, [...Object.keys(entry.fields), "OBJECT_SYSTEMD_UNIT"]);
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(lines.join(""), /[\u0000-\u001F\u007F]/);
    }),
  );
});
