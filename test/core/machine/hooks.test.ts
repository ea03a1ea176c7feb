import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookConfig } from "../../../src/core/config/hooks/hooks-config.ts";
import { advance } from "../../../src/core/machine/machine.ts";
import { policyOf } from "../../../src/core/machine/policy.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { Effect, Event, Facts, Policy, Step } from "../../../src/core/machine/types.ts";
import type { RecordedHook } from "../../../src/core/record/hooks.ts";
import { parseRecord } from "../../../src/core/record/parse-record.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { aRecord, FACTS, POLICY, TARGET } from "../../support/records.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const HOOK = {
  timeout: 60,
  onFailure: "hold",
  actions: ["switch", "reboot"],
  before: ["go"],
  after: ["come"],
} as const;
const A: HookConfig = { ...HOOK, name: "a" };
const MARK: HookConfig = { ...HOOK, name: "b-mark", before: null };
const REBOOTS: HookConfig = { ...HOOK, name: "c-reboots", actions: ["reboot"] };
const Z: HookConfig = { ...HOOK, name: "z", after: null };
const POLICY_WITH_HOOKS: Policy = { ...POLICY, hooks: [A, MARK, REBOOTS, Z] };
const TURN: Event = { kind: "turn-taken", before: { failed: [], units: null }, idleRunners: [] };
const REBOOT: Partial<Facts> = {
  decision: { action: "reboot", reason: "kernel changed", changed: ["kernel"] },
};

function step(
  record: FinalizationRecord,
  during: Effect,
  event: Event,
  facts: Partial<Facts> = {},
): Step {
  const seen = { now: NOW, facts: { ...FACTS, ...facts }, policy: POLICY_WITH_HOOKS };
  return advance(record, { ...seen, during, event });
}

function ended(hook: string, problem: string | null = null): Event {
  return { kind: "before-ended", hook, problem, waitedFor: [] };
}

const stages = ({ hooks }: FinalizationRecord): string[] =>
  hooks.map(({ name, stage }) => `${name} ${stage}`);

const TAKE_TURN: Effect = { kind: "take-turn" };
const before = (hook: string): Effect => ({ kind: "run-before", hook });
const after = (hook: string): Effect => ({ kind: "run-after", hook });
const recorded = (name: string, stage: RecordedHook["stage"]): RecordedHook => {
  return { name, stage, after: ["come"], timeout: 60, problems: [] };
};

test("hooks: they begin in the order of their names, each named in the record before it starts", () => {
  const waiting = aRecord({ state: "waiting" });
  const first = step(waiting, TAKE_TURN, TURN);
  assert.deepEqual([first.effect, stages(first.record)], [before("a"), ["a before"]]);
  const second = step(first.record, before("a"), ended("a"));
  assert.deepEqual(second.effect, before("z"));
  assert.deepEqual(stages(second.record), ["a in-force", "b-mark in-force", "z before"]);
  const third = step(second.record, before("z"), ended("z"));
  assert.deepEqual(third.effect, TAKE_TURN);
  const act = step(third.record, TAKE_TURN, TURN);
  assert.deepEqual([act.record.state, act.effect.kind], ["switching", "switch"]);
});

test("hooks: those of the action alone begin", () => {
  const waiting = aRecord({ state: "waiting", hooks: [recorded("a", "in-force")] });
  const { effect, record } = step(waiting, TAKE_TURN, TURN, REBOOT);
  assert.deepEqual(effect, before("c-reboots"));
  assert.deepEqual(stages(record), ["a in-force", "b-mark in-force", "c-reboots before"]);
});

const SWITCH: Effect = { kind: "switch", toplevel: TARGET, mode: "switch" };
const REBOOT_GATES: Effect = { kind: "await-reboot-gates" };
const REBOOT_NOW: Effect = { kind: "reboot", toplevel: TARGET };
const GATES_OPENED: Event = { kind: "gates-opened", waitedFor: [] };
const NEEDS_REBOOT: Event = {
  kind: "switched",
  exitCode: 100,
  progress: "nothing-changed",
  mode: "switch",
  tail: [],
  failedJobs: [],
  reason: "none",
};
const over = (hook: string): Event => ({ kind: "after-ended", hook, problem: null });

test("hooks: a switch that NixOS turns into a reboot ends its hooks, and those of the reboot begin after its gates", () => {
  const hooks = [recorded("a", "in-force"), recorded("b-mark", "in-force")];
  const switching = aRecord({ state: "switching", switchedInBoot: "boot-1", hooks });
  const asked = step(switching, SWITCH, NEEDS_REBOOT);
  assert.deepEqual([asked.record.state, asked.effect], ["rebooting", after("b-mark")]);
  assert.match(asked.record.timeline.at(-1)?.detail ?? "", /exit code 100/);
  assert.equal(asked.record.plan.action, "reboot");
  const first = step(asked.record, after("b-mark"), over("b-mark"));
  assert.deepEqual(first.effect, after("a"));
  const gates = step(first.record, after("a"), over("a"));
  assert.deepEqual(gates.effect, REBOOT_GATES);
  let next = step(gates.record, REBOOT_GATES, GATES_OPENED);
  for (const hook of ["a", "c-reboots", "z"]) {
    assert.deepEqual([next.record.state, next.effect], ["rebooting", before(hook)]);
    const why: Event = { kind: "before-failed", hook, why: "it said no", waitedFor: [] };
    const failed = step(next.record, before(hook), why);
    assert.deepEqual([failed.record.state, failed.effect], ["failed", after(hook)]);
    next = step(next.record, before(hook), ended(hook));
  }
  assert.deepEqual(next.effect, REBOOT_NOW);
  assert.equal(next.record.timeline.length, asked.record.timeline.length);
  // A gate has closed during the hooks.
  const heldUp = step(next.record, REBOOT_NOW, { kind: "held-up", why: "a job" });
  assert.deepEqual([heldUp.record.state, heldUp.effect], ["waiting", after("z")]);
});

test("hooks: a switch that NixOS refuses, and that is a reboot now, waits for the gates of the reboot first", () => {
  const switching = aRecord({ state: "switching", switchedInBoot: "boot-1" });
  const refused: Event = { ...NEEDS_REBOOT, exitCode: 1 };
  const { record, effect } = step(switching, SWITCH, refused, REBOOT);
  assert.deepEqual([record.state, effect], ["rebooting", REBOOT_GATES]);
  // Taken up by another process, which ends what has begun.
  const hooks = [recorded("a", "before")];
  const seen = { now: NOW, facts: FACTS, policy: POLICY_WITH_HOOKS, during: null };
  const taken = advance({ ...record, hooks }, { ...seen, event: { kind: "started" } });
  assert.deepEqual([taken.record.state, taken.effect], ["rebooting", after("a")]);
});

function told({ plan, previous }: FinalizationRecord): readonly (string | null)[] {
  return [plan.action, plan.reason, previous];
}

test("hooks: each is told the decision of now, and the system that runs now", () => {
  const waiting = aRecord({ state: "waiting" });
  const facts = { ...REBOOT, current: "/nix/store/other" };
  const first = step(waiting, TAKE_TURN, TURN, facts);
  assert.deepEqual(first.effect, before("a"));
  assert.deepEqual(told(first.record), ["reboot", "kernel changed", "/nix/store/other"]);
  const second = step({ ...waiting, hooks: first.record.hooks }, before("a"), ended("a"), facts);
  assert.deepEqual(second.effect, before("c-reboots"));
  assert.deepEqual(told(second.record), ["reboot", "kernel changed", "/nix/store/other"]);
});

test("hooks: however often a gate closes again, what was waited for stays short", () => {
  let record = aRecord({ state: "waiting" });
  for (let times = 0; times < 500; times++) {
    const waitedFor = [
      { gate: "hook a", why: "its before ran", seconds: 1 },
      { gate: "CI job", why: `it runs job ${times}`, seconds: 0.1 },
    ];
    record = step(record, { kind: "await-gates" }, { kind: "gates-opened", waitedFor }).record;
  }
  assert.ok(record.waitedFor.length <= 50, String(record.waitedFor.length));
  const seconds = (name: string): number =>
    record.waitedFor
      .filter(({ gate }) => gate === name)
      .reduce((sum, wait) => sum + wait.seconds, 0);
  assert.deepEqual([seconds("hook a"), Math.round(seconds("CI job"))], [500, 50]);
  assert.equal(record.waitedFor.at(-1)?.why, "it runs job 499");
});

test("hooks: one that fails ends the finalization, and each that began ends in the reverse order", () => {
  const hooks = [recorded("a", "in-force"), recorded("z", "before")];
  const waiting = aRecord({ state: "waiting", hooks });
  const why: Event = { kind: "before-failed", hook: "z", why: "it said no", waitedFor: [] };
  const failed = step(waiting, before("z"), why);
  assert.equal(failed.record.outcome?.reason, "hook z: it said no; nothing was done");
  assert.deepEqual(failed.effect, after("z"));
  const first = step(failed.record, after("z"), { kind: "after-ended", hook: "z", problem: null });
  assert.deepEqual(first.effect, after("a"));
  const said = { kind: "after-ended", hook: "a", problem: "it failed" } as const;
  const last = step(first.record, after("a"), said);
  assert.deepEqual([last.record.state, last.effect], ["failed", { kind: "finish" }]);
  assert.deepEqual(last.record.hooks[0]?.problems, ["it failed"]);
  assert.equal(last.record.outcome?.reason, failed.record.outcome?.reason);
});

test("hooks: while gates are waited for none is in force, and it begins anew after that", () => {
  const hooks = [recorded("a", "in-force")];
  const waiting = aRecord({ state: "waiting", hooks, stoppedRunners: ["runner.service"] });
  const heldUp = step(waiting, TAKE_TURN, { kind: "held-up", why: "a job" });
  assert.equal(heldUp.effect.kind, "start-runners");
  const started = { kind: "runners-started", left: ["runner.service"] } as const;
  const runners = step(heldUp.record, { kind: "start-runners" }, started);
  assert.deepEqual(runners.effect, after("a"));
  const gates = step(runners.record, after("a"), over("a"));
  assert.deepEqual([gates.effect.kind, stages(gates.record)], ["await-gates", ["a over"]]);
  const again = step(gates.record, TAKE_TURN, TURN);
  assert.deepEqual([again.effect, stages(again.record)], [before("a"), ["a before"]]);
});

test("hooks: a process that takes the record up ends what another one began", () => {
  const hooks = [recorded("a", "before")];
  for (const [state, effect] of [
    ["waiting", "run-after"],
    ["switching", "switch"],
    ["live", "run-after"],
    ["failed", "run-after"],
  ] as const) {
    const record = aRecord({ state, hooks, switchedInBoot: "boot-1" });
    const seen = { now: NOW, facts: FACTS, policy: POLICY_WITH_HOOKS };
    const taken = advance(record, { ...seen, during: null, event: { kind: "started" } });
    assert.equal(taken.effect.kind, effect, state);
  }
});

test("hooks: cancelled while one runs, its after runs before the end is tidied up", () => {
  const waiting = aRecord({ state: "waiting", hooks: [recorded("a", "before")] });
  const requests = { cancel: "ann", confirm: null, rollback: null, now: null };
  const event: Event = { kind: "gates-interrupted", waitedFor: [] };
  const { record, effect } = step(waiting, before("a"), event, { requests });
  assert.deepEqual([record.state, effect], ["cancelled", after("a")]);
});

test("hooks: the policy has them by name, and records of older programs have none", () => {
  const { hooks } = policyOf({ ...DEFAULT_CONFIG, hooks: [Z, A] });
  assert.deepEqual(
    hooks.map(({ name }) => name),
    ["a", "z"],
  );
  const { hooks: _, ...old } = aRecord();
  const read = parseRecord(JSON.stringify(old));
  assert.ok(read.kind === "record");
  assert.deepEqual(read.record.hooks, []);
});
