import assert from "node:assert/strict";
import { test } from "node:test";
import {
  advance,
  type Event,
  type Facts,
  MOST_TRANSITIONS,
  type Step,
} from "../../src/core/machine.ts";
import { enter, type FinalizationRecord } from "../../src/core/record.ts";
import { aRecord, PREVIOUS, TARGET } from "../support/records.ts";

const NOW = new Date("2026-11-22T21:31:00Z");

const FACTS: Facts = {
  bootId: "boot-1",
  booted: PREVIOUS,
  current: PREVIOUS,
  profile: TARGET,
  newest: aRecord().id,
  decision: { action: "switch", reason: "services only", changed: [] },
};

const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

function step(record: FinalizationRecord, event: Event, facts: Partial<Facts> = {}): Step {
  return advance(record, { now: NOW, event, facts: { ...FACTS, ...facts } });
}

function inState(state: FinalizationRecord["state"]): FinalizationRecord {
  return aRecord({ state, rebootAskedInBoot: "boot-1" });
}

interface Row {
  readonly name: string;
  readonly from: FinalizationRecord["state"];
  readonly event: Event;
  readonly facts?: Partial<Facts>;
  /** The state afterwards and the effect. */
  readonly expect: readonly [FinalizationRecord["state"], Step["effect"]["kind"]];
}

const STARTED: Event = { kind: "started" };
const NEXT_BOOT = { bootId: "boot-2", booted: TARGET, current: TARGET };
const FELL_BACK = { bootId: "boot-2" };
const switched = (exitCode: number): Event => ({ kind: "switched", exitCode, tail: ["said"] });

const rows: Row[] = [
  { name: "begins to wait", from: "scheduled", event: STARTED, expect: ["waiting", "await-gates"] },
  { name: "goes on waiting", from: "waiting", event: STARTED, expect: ["waiting", "await-gates"] },
  {
    name: "waits on after a boot into the old system",
    from: "waiting",
    event: STARTED,
    facts: FELL_BACK,
    expect: ["waiting", "await-gates"],
  },
  {
    name: "has been booted into while it waited",
    from: "scheduled",
    event: STARTED,
    facts: NEXT_BOOT,
    expect: ["verifying", "verify"],
  },
  {
    name: "takes its turn",
    from: "waiting",
    event: { kind: "gates-opened" },
    expect: ["waiting", "take-turn"],
  },
  {
    name: "switches",
    from: "waiting",
    event: { kind: "turn-taken" },
    expect: ["switching", "switch"],
  },
  {
    name: "reboots when that is the decision now",
    from: "waiting",
    event: { kind: "turn-taken" },
    facts: { decision: REBOOT },
    expect: ["rebooting", "reboot"],
  },
  {
    name: "does not act on a target that lost its kernel",
    from: "waiting",
    event: { kind: "turn-taken" },
    facts: { decision: { action: "refuse", missing: ["kernel"] } },
    expect: ["failed", "finish"],
  },
  {
    name: "gives way to a newer one",
    from: "waiting",
    event: { kind: "turn-taken" },
    facts: { newest: "20261122-220000-bbbb" },
    expect: ["superseded", "finish"],
  },
  {
    name: "gives way to a profile that moved",
    from: "scheduled",
    event: STARTED,
    facts: { profile: "/nix/store/other" },
    expect: ["superseded", "finish"],
  },
  {
    name: "gives way to a profile that is gone",
    from: "waiting",
    event: { kind: "gates-opened" },
    facts: { profile: null },
    expect: ["superseded", "finish"],
  },
  {
    name: "verifies a switch",
    from: "switching",
    event: switched(0),
    expect: ["verifying", "verify"],
  },
  {
    name: "fails with the switch",
    from: "switching",
    event: switched(2),
    expect: ["failed", "finish"],
  },
  {
    name: "waits again for a lock that was taken in the last moment",
    from: "switching",
    event: { kind: "switch-lock-busy" },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "switches again after a crash",
    from: "switching",
    event: STARTED,
    expect: ["switching", "switch"],
  },
  {
    name: "was cut off in the switch and booted into the target",
    from: "switching",
    event: STARTED,
    facts: NEXT_BOOT,
    expect: ["verifying", "verify"],
  },
  {
    name: "was cut off in the switch and fell back",
    from: "switching",
    event: STARTED,
    facts: FELL_BACK,
    expect: ["failed", "finish"],
  },
  {
    name: "asks again for a reboot that did not happen",
    from: "rebooting",
    event: STARTED,
    expect: ["rebooting", "reboot"],
  },
  {
    name: "arrives in the target",
    from: "rebooting",
    event: STARTED,
    facts: NEXT_BOOT,
    expect: ["verifying", "verify"],
  },
  {
    name: "fell back in the reboot",
    from: "rebooting",
    event: STARTED,
    facts: FELL_BACK,
    expect: ["failed", "finish"],
  },
  {
    name: "is refused the reboot",
    from: "rebooting",
    event: { kind: "reboot-refused", why: "no" },
    expect: ["failed", "finish"],
  },
  {
    name: "verifies again after a crash",
    from: "verifying",
    event: STARTED,
    expect: ["verifying", "verify"],
  },
  {
    name: "is live",
    from: "verifying",
    event: { kind: "verified", problems: [] },
    facts: { current: TARGET },
    expect: ["live", "finish"],
  },
  {
    name: "is not live where something else is current",
    from: "verifying",
    event: { kind: "verified", problems: [] },
    expect: ["failed", "finish"],
  },
  { name: "stays as it ended", from: "live", event: STARTED, expect: ["live", "finish"] },
];

for (const row of rows) {
  test(`machine: ${row.from} ${row.name}`, () => {
    const { record, effect } = step(inState(row.from), row.event, row.facts);
    assert.deepEqual([record.state, effect.kind], row.expect);
    if (record.state !== row.from) assert.equal(record.timeline.at(-1)?.state, record.state);
  });
}

test("machine: notes the boot in which it asked for the reboot", () => {
  const facts = { decision: REBOOT, bootId: "boot-7" };
  const { record } = step(inState("waiting"), { kind: "turn-taken" }, facts);
  assert.equal(record.rebootAskedInBoot, "boot-7");
  assert.equal(record.plan.action, "reboot");
});

test("machine: keeps the exit code and the last words of a failed switch", () => {
  const { record } = step(inState("switching"), switched(2));
  assert.deepEqual(record.outcome, {
    reason: "switch-to-configuration ended with exit code 2",
    activationExitCode: 2,
    activationTail: ["said"],
  });
});

test("machine: going round in circles ends as failed", () => {
  let record = inState("switching");
  for (let i = 0; i <= MOST_TRANSITIONS && record.state !== "failed"; i++) {
    record = step(record, STARTED).record;
  }
  assert.equal(record.state, "failed");
  assert.match(record.outcome?.reason ?? "", /needs a human/);
});

test("machine: has no transition out of a terminal state", () => {
  assert.throws(() => enter(inState("live"), "waiting", NOW, ""), /no transition from live/);
});
