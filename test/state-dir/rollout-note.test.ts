import assert from "node:assert/strict";
import { test } from "node:test";
import { noteAfter } from "../../src/state-dir/rollout-note.ts";
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
