import assert from "node:assert/strict";
import { test } from "node:test";
import { type SlotAtEnd, slotAtEnd } from "../../../src/core/record/slot-at-end.ts";
import type { State } from "../../../src/core/states.ts";
import { aRecord } from "../../support/records.ts";

const [BEFORE, AFTER] = ["boot-1", "boot-2"];

const cases: [State, forward: string | null, back: string | null, SlotAtEnd][] = [
  ["live", BEFORE, null, "give-back"],
  ["live", null, null, "give-back"],
  // A bad deploy stops here.
  ["rolled-back", BEFORE, AFTER, "keep"],
  ["rolled-back", null, null, "keep"],
  ["cancelled", null, null, "give-back-own"],
  ["superseded", null, null, "give-back-own"],
  // It was refused before it came: nothing has happened to the host.
  ["failed", AFTER, null, "give-back-own"],
  ["failed", null, null, "give-back-own"],
  ["failed", BEFORE, null, "keep"],
  ["failed", BEFORE, BEFORE, "keep"],
  ["failed", null, BEFORE, "keep"],
];
for (const [state, rebootAskedInBoot, rebootBackAskedInBoot, wanted] of cases) {
  test(`slot: ${state}, asked to reboot in ${rebootAskedInBoot}, back in ${rebootBackAskedInBoot}: ${wanted}`, () => {
    const record = aRecord({ rebootAskedInBoot, rebootBackAskedInBoot });
    assert.equal(slotAtEnd(record, state, AFTER, "keep"), wanted);
  });
}

test("slot: a host that rolled back gives its slot back if that is configured", () => {
  const record = aRecord({ rebootAskedInBoot: BEFORE, rebootBackAskedInBoot: AFTER });
  assert.equal(slotAtEnd(record, "rolled-back", AFTER, "give-back"), "give-back-own");
  assert.equal(slotAtEnd(record, "failed", "boot-3", "give-back"), "keep");
});

const switched: [State, switchedIn: string | null, SlotAtEnd][] = [
  ["verifying", AFTER, "keep"],
  ["rolling-back", AFTER, "keep"],
  ["verifying", BEFORE, "keep"],
  // A boot has cut it off.
  ["switching", BEFORE, "keep"],
  // It was refused: nothing has happened to the host.
  ["switching", AFTER, "give-back-own"],
  ["waiting", AFTER, "give-back-own"],
  // The reboot that it had asked for was refused.
  ["rebooting", AFTER, "give-back-own"],
  ["verifying", null, "give-back-own"],
];
for (const [state, switchedInBoot, wanted] of switched) {
  test(`slot: failed in ${state}, switched in ${switchedInBoot}: ${wanted}`, () => {
    const record = aRecord({ state, switchedInBoot });
    assert.equal(slotAtEnd(record, "failed", AFTER, "keep"), wanted);
  });
}
