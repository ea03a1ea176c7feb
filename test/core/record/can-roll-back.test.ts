import assert from "node:assert/strict";
import { test } from "node:test";
import { canRollBack, hasActed } from "../../../src/core/record/can-roll-back.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { type State, STATES } from "../../../src/core/states.ts";
import { aRecord, PREVIOUS, TARGET } from "../../support/records.ts";

/** A record that went through these states and is in the last. */
function after(...states: State[]): FinalizationRecord {
  const at = "2026-11-22T21:31:00.000Z";
  const timeline = states.map((state) => ({ at, state, detail: "" }));
  return aRecord({ timeline, state: states.at(-1) ?? "scheduled" });
}

test("what has acted: by its state, and one that failed by the state that it failed in", () => {
  const acted = STATES.filter((state) => hasActed(after("scheduled", state)));
  assert.deepEqual(acted, [
    "switching",
    "rebooting",
    "verifying",
    "rolling-back",
    "live",
    "rolled-back",
  ]);
  assert.ok(hasActed(after("scheduled", "waiting", "switching", "failed")));
  assert.ok(!hasActed(after("scheduled", "waiting", "failed")));
  // Held up in the last moment, nothing was done; then it gave up.
  assert.ok(!hasActed(after("waiting", "switching", "waiting", "failed")));
});

/** The states from which one that acted can go back. */
function goingBack(runs: string | null): State[] {
  return STATES.filter((state) => canRollBack(after("scheduled", "switching", state), runs));
}

test("what can go back: what verifies, and what left its target running", () => {
  assert.deepEqual(goingBack(TARGET), ["verifying", "live", "failed"]);
  for (const runs of [PREVIOUS, null]) assert.deepEqual(goingBack(runs), ["verifying"]);
});

test("nothing can go back without another system before it", () => {
  for (const previous of [null, TARGET]) {
    assert.ok(!canRollBack({ ...after("switching", "verifying"), previous }, TARGET));
    assert.ok(!canRollBack({ ...after("switching", "live"), previous }, TARGET));
  }
});
