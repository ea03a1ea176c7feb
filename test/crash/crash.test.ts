import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../src/core/machine/machine.ts";
import type { Observation, Step } from "../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { withHook } from "../../src/core/record/hooks.ts";
import { isTerminal } from "../../src/core/states.ts";
import { EFFECTS } from "../support/effects.ts";
import { SCENARIOS } from "./scenarios.ts";
import { walk } from "./walk.ts";

const walked = { crashPoints: 0, crashes: 0, runs: 0 };

for (const scenario of SCENARIOS) {
  test(`every crash point, and every second one after it, ends true: ${scenario.name}`, async () => {
    const { crashPoints, crashes, runs, violations } = await walk(scenario, advance, 2);
    walked.crashPoints += crashPoints;
    walked.crashes += crashes;
    walked.runs += runs;
    assert.deepEqual(violations.slice(0, 20), []);
    assert.ok(crashPoints > 0);
  });
}

test("the walk has been to thousands of crash points", () => {
  console.log(
    `walked ${walked.crashPoints} crash points and ${walked.crashes} crashes, in ${walked.runs} runs`,
  );
  assert.ok(walked.crashPoints >= 4000);
});

type Machine = typeof advance;

/** Those of the first scenario that has any. Most defects show after one crash, which is quick to try. */
async function firstViolations(machine: Machine): Promise<readonly string[]> {
  for (const crashes of [1, 2] as const) {
    for (const scenario of SCENARIOS) {
      const { violations } = await walk(scenario, machine, crashes);
      if (violations.length > 0) return violations;
    }
  }
  return [];
}

const SWITCHED = {
  kind: "switched",
  mode: "switch",
  exitCode: 0,
  tail: [],
  failedJobs: [],
  reason: "none",
  progress: "begun",
} as const;

/** What an interpreter with a defect makes of a good machine. */
function sentAnEventOfAnotherState(record: FinalizationRecord, seen: Observation): Step {
  return advance(record, seen.event.kind === "gates-opened" ? { ...seen, event: SWITCHED } : seen);
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
          during: EFFECTS.verify,
          event: { kind: "verified", checks: [] },
          facts: { ...seen.facts, current: record.target },
        })
      : advance(record, seen),
  "forgets profile and boot default at the end of a rollback": (record, seen) => {
    const step = advance(record, seen);
    return step.record.state === "rolling-back" && step.effect.kind === "restore-defaults"
      ? advance(step.record, {
          ...seen,
          during: EFFECTS["restore-defaults"],
          event: { kind: "defaults-restored", problems: [] },
        })
      : step;
  },
  "acts although a newer one is there": (record, seen) =>
    advance(record, { ...seen, facts: { ...seen.facts, newest: record.id } }),
  "does not wait for the window": (record, seen) =>
    seen.event.kind === "gates-deferred"
      ? advance(record, { ...seen, event: { kind: "gates-opened", waitedFor: [] } })
      : advance(record, seen),
  "loses the wish to act now": (record, seen) => {
    const { requests } = seen.facts;
    const isDeferred = seen.event.kind === "gates-deferred";
    return isDeferred && requests.now !== null
      ? advance(record, { ...seen, facts: { ...seen.facts, requests: { ...requests, now: null } } })
      : advance(record, seen);
  },
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
  "switches back in a boot that did not get through": (record, seen) =>
    seen.event.kind === "profile-restored"
      ? advance({ ...record, checks: [] }, seen)
      : advance(record, seen),
  "takes a boot that did not get through for a good one": (record, seen) =>
    seen.event.kind === "verified" && seen.event.checks.some(({ kind }) => kind === "boot")
      ? advance(record, { ...seen, event: { kind: "verified", checks: [] } })
      : advance(record, seen),
  "reboots back as often as it likes": withoutMemoryOfTheRebootBack,
  "handles an event of another state": (record, seen) =>
    seen.event.kind === "gates-opened"
      ? advance(
          { ...record, state: "switching" },
          { ...seen, during: EFFECTS.switch, event: SWITCHED },
        )
      : advance(record, seen),
  "is sent an event of another state": sentAnEventOfAnotherState,
  "gives the slot back whatever has happened": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, slotAtEnd: "give-back" } };
  },
  "does not name the runners that it stops": (record, seen) => {
    const step = advance(record, seen);
    return seen.event.kind === "runners-found"
      ? { ...step, record: { ...step.record, stoppedRunners: [] } }
      : step;
  },
  "waits for its gates while a runner is stopped": (record, seen) => {
    const step = advance(record, seen);
    return step.effect.kind === "start-runners"
      ? { ...step, effect: { kind: "await-gates" } }
      : step;
  },
  "forgets at its end which runners are stopped": (record, seen) => {
    const step = advance(record, seen);
    return step.effect.kind === "finish"
      ? { ...step, record: { ...step.record, stoppedRunners: [] } }
      : step;
  },
  "acts without the drain": (record, seen) =>
    seen.event.kind === "runners-found" && record.state === "waiting"
      ? advance(record, {
          ...seen,
          event: { kind: "turn-taken", before: { failed: [], units: null }, idleRunners: [] },
        })
      : advance(record, seen),
  "names a hook when its before has ended": (record, seen) => {
    const { event, policy } = seen;
    const hook = policy.hooks.find(({ name }) => "hook" in event && event.hook === name);
    const isLate = event.kind === "before-ended" && hook !== undefined;
    const step = advance(isLate ? withHook(record, hook) : record, seen);
    if (step.effect.kind !== "run-before") return step;
    const { hook: next } = step.effect;
    const hooks = step.record.hooks.filter(({ name }) => name !== next);
    return { ...step, record: { ...step.record, hooks } };
  },
  "forgets the hooks that have begun at its end": (record, seen) => {
    const step = advance(record, seen);
    return isTerminal(step.record.state) ? { ...step, effect: { kind: "finish" } } : step;
  },
  "acts before all hooks have begun": (record, seen) => {
    const { policy } = seen;
    return advance(record, { ...seen, policy: { ...policy, hooks: policy.hooks.slice(0, 1) } });
  },
  "waits for its gates while a hook is in force": (record, seen) => {
    const step = advance(record, seen);
    return step.record.state === "waiting" && step.effect.kind === "run-after"
      ? { ...step, effect: { kind: "await-gates" } }
      : step;
  },
  "waits for the gates of a reboot while a hook is in force": (record, seen) => {
    const step = advance(record, seen);
    return step.record.state === "rebooting" && step.effect.kind === "run-after"
      ? { ...step, effect: { kind: "await-reboot-gates" } }
      : step;
  },
  "ends its hooks in the order in which they began": (record, seen) => {
    const step = advance(record, seen);
    const first = step.record.hooks.find(({ stage }) => stage !== "over");
    return step.effect.kind === "run-after" && first !== undefined
      ? { ...step, effect: { kind: "run-after", hook: first.name } }
      : step;
  },
  "keeps the slot whatever has happened": (record, seen) => {
    const step = advance(record, seen);
    return { ...step, record: { ...step.record, slotAtEnd: "keep" } };
  },
};

function withoutMemoryOfTheRebootBack(record: FinalizationRecord, seen: Observation): Step {
  return advance({ ...record, rebootBackAskedInBoot: null }, seen);
}

for (const [name, machine] of Object.entries(defects)) {
  test(`the walk catches a machine that ${name}`, async () => {
    assert.notDeepEqual(await firstViolations(machine), []);
  });
}

test("the walk tells which state was sent an event of another one", async () => {
  const [first] = await firstViolations(sentAnEventOfAnotherState);
  assert.match(
    first ?? "",
    /^switch \[no crash\]: no handler for switched in waiting: await-gates$/,
  );
});
