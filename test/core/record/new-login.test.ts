import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClockReading, NO_CLOCKS } from "../../../src/core/record/clock.ts";
import { beganAfterAct } from "../../../src/core/record/new-login.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { aRecord } from "../../support/records.ts";

const HERE = "boot-1";

function reading(uptime: number | null, bootId = HERE): ClockReading {
  return { at: "2026-11-22T21:31:00.000Z", bootId, uptime };
}

const CASES: {
  readonly name: string;
  readonly record: Partial<FinalizationRecord>;
  readonly began: number;
  readonly after: boolean;
}[] = [
  {
    name: "a login after the switch",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, acted: reading(100) } },
    began: 100.01,
    after: true,
  },
  {
    name: "a login in the same tick of the clock as the end of the switch",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, acted: reading(100) } },
    began: 100,
    after: false,
  },
  {
    name: "a login during the switch",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, acted: reading(100) } },
    began: 99,
    after: false,
  },
  {
    name: "a login before it asked, but after the switch",
    record: {
      switchedInBoot: HERE,
      clocks: { ...NO_CLOCKS, acted: reading(100), confirmation: reading(160) },
    },
    began: 130,
    after: true,
  },
  {
    name: "the end of the switch cannot be told",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, acted: reading(null) } },
    began: 100,
    after: false,
  },
  {
    name: "any login of the boot into the target",
    record: { bootId: "boot-0", rebootAskedInBoot: "boot-0" },
    began: 3,
    after: true,
  },
  {
    name: "any login of a boot after the switch",
    record: {
      bootId: "boot-0",
      switchedInBoot: "boot-0",
      clocks: { ...NO_CLOCKS, acted: reading(5000, "boot-0") },
    },
    began: 3,
    after: true,
  },
  {
    name: "after the boot a specialisation was switched to: a login before that",
    record: {
      bootId: "boot-0",
      rebootAskedInBoot: "boot-0",
      clocks: { ...NO_CLOCKS, acted: reading(40) },
    },
    began: 39,
    after: false,
  },
  {
    name: "an older program noted only when it asked: a login after that",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, confirmation: reading(100) } },
    began: 101,
    after: true,
  },
  {
    name: "an older program noted only when it asked: a login before that",
    record: { switchedInBoot: HERE, clocks: { ...NO_CLOCKS, confirmation: reading(100) } },
    began: 99,
    after: false,
  },
  {
    name: "nothing was noted",
    record: { switchedInBoot: HERE, clocks: NO_CLOCKS },
    began: 99,
    after: false,
  },
];

for (const { name, record, began, after } of CASES) {
  test(`a login that began after the act: ${name}`, () => {
    assert.equal(beganAfterAct(aRecord(record), { bootId: HERE, began }), after);
  });
}
