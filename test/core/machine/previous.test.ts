import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../../src/core/machine/machine.ts";
import type { Event, Facts } from "../../../src/core/machine/types.ts";
import { aRecord, FACTS, POLICY, TARGET } from "../../support/records.ts";

const REJECTED = "/nix/store/rejected";
const BEFORE = "/nix/store/before";

/** What follows, with these facts and the events of one process. */
function steps(facts: Facts, ...events: readonly Event[]) {
  const seen = { now: new Date("2026-11-22T21:40:00Z"), policy: POLICY, facts };
  const first = aRecord({ state: "waiting", previous: REJECTED });
  let step = advance(first, { ...seen, during: null, event: { kind: "started" } });
  for (const event of events) {
    step = advance(step.record, { ...seen, during: step.effect, event });
  }
  return step;
}

// It was scheduled while another finalization verified its own target, which was rolled back since.
test("a power cut before the act, once its target is the boot default: it does not roll back to what was rejected", () => {
  const gatesOpen: Event = { kind: "gates-opened", waitedFor: [] };
  const { record, effect } = steps({ ...FACTS, current: BEFORE, booted: BEFORE }, gatesOpen);
  assert.equal(effect.kind, "take-turn");
  assert.deepEqual([record.state, record.previous], ["waiting", BEFORE]);
  const booted = { ...FACTS, bootId: "boot-2", current: TARGET, booted: TARGET };
  const seen = { now: new Date("2026-11-22T21:50:00Z"), policy: POLICY, facts: booted };
  const up = advance(record, { ...seen, during: null, event: { kind: "started" } });
  const check = { name: "x", kind: "unit", result: "failed", detail: "", seconds: 0 } as const;
  const failed: Event = { kind: "verified", checks: [check] };
  const back = advance(up.record, { ...seen, during: up.effect, event: failed });
  assert.deepEqual(back.effect, { kind: "restore-profile", toplevel: BEFORE });
});

test("a rollback that leaves the profile of somebody else alone says which boot default stays", () => {
  const rollingBack = aRecord({ state: "rolling-back", previous: BEFORE });
  const facts = { ...FACTS, current: BEFORE, profile: "/nix/store/third", bootDefault: TARGET };
  const during = { kind: "restore-defaults", toplevel: BEFORE } as const;
  const event: Event<"defaults-restored"> = { kind: "defaults-restored", problems: [] };
  const seen = { now: new Date("2026-11-22T21:50:00Z"), policy: POLICY, facts, during, event };
  const { reason } = advance(rollingBack, seen).record.outcome ?? {};
  const words = `the profile points to /nix/store/third; the boot default is ${TARGET}`;
  assert.equal(reason?.endsWith(`; ${words}`), true, reason);
});
