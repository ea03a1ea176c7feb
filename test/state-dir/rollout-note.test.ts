import assert from "node:assert/strict";
import { test } from "node:test";
import { noteAfter, parseRolloutNote } from "../../src/state-dir/rollout-note.ts";
import { COMMIT } from "../report/reports.ts";
import { aNote, aRollout, halted, seen } from "../report/fleet/views.ts";

const LATER = "2026-11-22T22:00:00.000Z";
const RECORD = { id: "20261122-213000-aaaa", rollout: COMMIT };

test("an answer that does not say what the rollout is, is no look at it", () => {
  const before = aNote();
  const own = { rollout: COMMIT, wave: 1, state: "soaking", because: null } as const;
  const soaks = noteAfter(before, seen({ rollout: null, own }), LATER, RECORD);
  assert.equal(soaks?.at, before.at);
  assert.deepEqual(soaks.rollout, before.rollout);
  // The state of this host is known all the same.
  assert.deepEqual(soaks.own, {
    rollout: COMMIT,
    wave: 1,
    state: "soaking",
    because: null,
    since: LATER,
  });
  const looked = noteAfter(before, seen({ rollout: halted(), own }), LATER, RECORD);
  assert.deepEqual([looked?.at, looked?.rollout.halt?.by], [LATER, "web1"]);
});

test("without a rollout there is no note, also after one of another group", () => {
  assert.equal(noteAfter(null, seen({ rollout: null }), LATER, RECORD), null);
  const other = aNote({ group: "db", rollout: aRollout() });
  assert.equal(noteAfter(other, seen({ rollout: null }), LATER, RECORD), null);
});

test("a look that does not count keeps what this host has counted in the rollout, and when", () => {
  const counts = { waves: 2, complete: 1, members: 5, live: 3 };
  const counted = noteAfter(aNote(), seen({ counts }), LATER, RECORD);
  assert.deepEqual([counted?.counts, counted?.countedAt], [counts, LATER]);
  const later = "2026-11-22T23:00:00.000Z";
  const looked = noteAfter(counted, seen({ rollout: halted(), own: null }), later, RECORD);
  assert.deepEqual([looked?.counts, looked?.countedAt, looked?.at], [counts, LATER, later]);
  const next = noteAfter(counted, seen({ rollout: aRollout({ seq: 8 }) }), later, RECORD);
  assert.deepEqual([next?.counts, next?.countedAt], [null, null]);
});

test("a note of an earlier version, which did not say when it counted", () => {
  const { countedAt, ...old } = aNote();
  assert.equal(countedAt, null);
  assert.deepEqual(parseRolloutNote(JSON.stringify(old)), aNote());
});
