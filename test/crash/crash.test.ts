import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../src/core/machine.ts";
import type { Observation, Step } from "../../src/core/machine-types.ts";
import type { FinalizationRecord } from "../../src/core/record.ts";
import { SCENARIOS } from "./scenarios.ts";
import { walk, type Walk } from "./walk.ts";

async function walkAll(machine: typeof advance): Promise<Walk> {
  const walks = await Promise.all(SCENARIOS.map((scenario) => walk(scenario, machine)));
  return {
    crashPoints: walks.reduce((sum, one) => sum + one.crashPoints, 0),
    runs: walks.reduce((sum, one) => sum + one.runs, 0),
    violations: walks.flatMap((one) => one.violations),
  };
}

test("every crash point, and every second one after it, ends true", async () => {
  const { crashPoints, runs, violations } = await walkAll(advance);
  console.log(`walked ${crashPoints} crash points, ${runs} runs with up to two crashes`);
  assert.deepEqual(violations.slice(0, 20), []);
  assert.ok(crashPoints >= 500);
});

type Machine = typeof advance;

/** Those of the first scenario that has any: one is enough. */
async function firstViolations(machine: Machine): Promise<readonly string[]> {
  for (const scenario of SCENARIOS) {
    const { violations } = await walk(scenario, machine);
    if (violations.length > 0) return violations;
  }
  return [];
}

/** Machines with one defect each: the walk has to find every one of them. */
const defects: Record<string, Machine> = {
  "reboots again when it fell back": (record, seen) =>
    seen.event.kind === "started" && record.state === "rebooting"
      ? advance({ ...record, rebootAskedInBoot: seen.facts.bootId }, seen)
      : advance(record, seen),
  "believes what it meant to do": (record, seen) =>
    seen.event.kind === "started" && record.state === "verifying"
      ? advance(record, {
          ...seen,
          event: { kind: "verified", checks: [] },
          facts: { ...seen.facts, current: record.target },
        })
      : advance(record, seen),
  "forgets the profile on the way back": (record, seen) => {
    const step = advance(record, seen);
    return step.effect.kind === "restore-profile"
      ? advance(step.record, { ...seen, event: { kind: "profile-restored", problem: null } })
      : step;
  },
  "acts although a newer one is there": (record, seen) =>
    advance(record, { ...seen, facts: { ...seen.facts, newest: record.id } }),
  "does not wait for the window": (record, seen) =>
    seen.event.kind === "gates-deferred"
      ? advance(record, { ...seen, event: { kind: "gates-opened", waitedFor: [] } })
      : advance(record, seen),
  "does not tell that a reboot is required": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, rebootRequired: null } };
  },
  "leaves the previous system the boot default": (record, seen) =>
    advance(record, { ...seen, facts: { ...seen.facts, bootDefault: record.target } }),
  "goes back to what ran at scheduling": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, previous: record.previous } };
  },
  "reboots back as often as it likes": withoutMemoryOfTheWayBack,
  "gives the slot back whatever has happened": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, slotAtEnd: "give-back" } };
  },
  "keeps the slot whatever has happened": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, slotAtEnd: "keep" } };
  },
};

function withoutMemoryOfTheWayBack(record: FinalizationRecord, seen: Observation): Step {
  return advance({ ...record, rebootBackAskedInBoot: null }, seen);
}

for (const [name, machine] of Object.entries(defects)) {
  test(`the walk catches a machine that ${name}`, async () => {
    assert.notDeepEqual(await firstViolations(machine), []);
  });
}
